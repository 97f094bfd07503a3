-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.evidence_at < r.cutoff_at, FALSE)
        THEN 'leak: evidence at or after the cutoff'
      WHEN NOT COALESCE(r.report_at IS NULL OR r.report_at < r.cutoff_at, FALSE)
        THEN 'leak: a report at or after the cutoff'
      WHEN NOT COALESCE(r.slate_status = 'unresolved' OR (r.player_id IS NOT NULL AND r.team_abbr IS NOT NULL), FALSE)
        THEN 'null_key: a resolved candidate without id or team'
      WHEN NOT COALESCE((r.slate_status = 'out') = COALESCE(r.slate_status != 'unresolved' AND r.injury_status = 'Out', FALSE), FALSE)
        THEN 'status: out must mean Out on the report'
      WHEN NOT COALESCE(r.expected_play_thousandths BETWEEN 0 AND 1000 AND r.likely_play_thousandths BETWEEN 0 AND 1000 AND r.share_10_thousandths BETWEEN 0 AND 1000, FALSE)
        THEN 'range: a share outside 0..1'
    END AS problem
  FROM nba_analytics.slate AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''), '|', COALESCE(CAST(r.player_lookup AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_analytics.slate AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
