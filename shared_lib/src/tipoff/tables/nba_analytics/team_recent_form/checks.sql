ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_date AS STRING), ''), '|', COALESCE(CAST(r.team_abbr AS STRING), '')))
  FROM nba_analytics.team_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_analytics.team_recent_form has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.team_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.last_game_date IS NULL OR r.last_game_date < r.game_date, FALSE))
  AS 'leak: a window reaches the date itself';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.team_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.inputs_known_at < r.cutoff_at, FALSE))
  AS 'leak: a row learnt at or after the cutoff was read';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.team_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.wins_season BETWEEN 0 AND r.games_season, FALSE))
  AS 'range: wins over games';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.team_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.win_streak = 0 OR r.loss_streak = 0, FALSE))
  AS 'range: both streaks at once';
