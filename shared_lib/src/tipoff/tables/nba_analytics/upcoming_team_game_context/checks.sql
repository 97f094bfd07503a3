ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.team_abbr AS STRING), '')))
  FROM nba_analytics.upcoming_team_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_analytics.upcoming_team_game_context has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_team_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.line_quoted_at IS NULL OR r.line_quoted_at < r.cutoff_at, FALSE))
  AS 'leak: a quote at or after the cutoff';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_team_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.cutoff_at < COALESCE(r.tipoff_at, TIMESTAMP '9999-12-31'), FALSE))
  AS 'leak: the cutoff is not before tip-off';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_team_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.team_days_rest IS NULL OR r.team_days_rest >= 0, FALSE))
  AS 'range: negative rest';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_team_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.is_back_to_back = COALESCE(r.team_days_rest = 0, FALSE), FALSE))
  AS 'sign: a back-to-back has no day off';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_team_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.implied_team_total IS NULL OR r.implied_team_total BETWEEN 60 AND 180, FALSE))
  AS 'range: implied total';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_team_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.game_spread IS NULL OR ABS(r.game_spread) <= 35, FALSE))
  AS 'range: spread';
