-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.paint_rate_last_10 IS NULL OR ABS(r.paint_rate_last_10 + r.mid_range_rate_last_10 + r.three_pt_rate_last_10 - 100) < 0.000001, FALSE)
        THEN 'sum: zone rates add to 100'
    END AS problem
  FROM nba_precompute.player_shot_zone_analysis AS r
  WHERE r.analysis_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.analysis_date AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_precompute.player_shot_zone_analysis AS r
  WHERE r.analysis_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
