ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_date AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), '')))
  FROM nba_analytics.player_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_analytics.player_recent_form has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.player_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.last_game_date < r.game_date, FALSE))
  AS 'leak: a window reaches the date itself';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.player_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.inputs_known_at < r.cutoff_at, FALSE))
  AS 'leak: a row learnt at or after the cutoff was read';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.player_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.player_lookup IS NOT NULL AND r.last_team_abbr IS NOT NULL, FALSE))
  AS 'null_key: a player without name or team';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.player_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.games_last_7_days IS NULL OR (r.games_last_7_days BETWEEN 0 AND 7 AND r.games_last_14_days BETWEEN r.games_last_7_days AND 14), FALSE))
  AS 'range: games in a week';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.player_recent_form AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.games_season + r.games_prior_season > 0, FALSE))
  AS 'empty_row: a row without an appearance';
