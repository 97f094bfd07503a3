ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''), '|', COALESCE(CAST(r.player_lookup AS STRING), '')))
  FROM nba_analytics.slate AS r WHERE r.game_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_analytics.slate has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.slate AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.evidence_at < r.cutoff_at, FALSE))
  AS 'leak: evidence at or after the cutoff';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.slate AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.report_at IS NULL OR r.report_at < r.cutoff_at, FALSE))
  AS 'leak: a report at or after the cutoff';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.slate AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.slate_status = 'unresolved' OR (r.player_id IS NOT NULL AND r.team_abbr IS NOT NULL), FALSE))
  AS 'null_key: a resolved candidate without id or team';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.slate AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE((r.slate_status = 'out') = COALESCE(r.slate_status != 'unresolved' AND r.injury_status = 'Out', FALSE), FALSE))
  AS 'status: out must mean Out on the report';
ASSERT NOT EXISTS (SELECT 1 FROM nba_analytics.slate AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.expected_play_thousandths BETWEEN 0 AND 1000 AND r.share_10_thousandths BETWEEN 0 AND 1000, FALSE))
  AS 'range: a share outside 0..1';
