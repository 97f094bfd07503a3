ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''), '|', COALESCE(CAST(r.player_lookup AS STRING), '')))
  FROM nba_analytics.upcoming_player_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_analytics.upcoming_player_game_context has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_player_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.line_quoted_at IS NULL OR r.line_quoted_at < r.cutoff_at, FALSE))
  AS 'leak: a quote at or after the cutoff';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_player_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.report_at IS NULL OR r.report_at < r.cutoff_at, FALSE))
  AS 'leak: a report at or after the cutoff';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_player_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.slate_status = 'unresolved' OR r.tipoff_at IS NULL OR r.cutoff_at < r.tipoff_at, FALSE))
  AS 'leak: the cutoff is not before tip-off';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_player_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.current_points_line IS NULL OR r.current_points_line BETWEEN 0.5 AND 70, FALSE))
  AS 'range: points line';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.upcoming_player_game_context AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.slate_status = 'unresolved' OR r.projected_usage_rate >= r.usage_rate_last_10, FALSE))
  AS 'sign: absences lowered the projected usage';
