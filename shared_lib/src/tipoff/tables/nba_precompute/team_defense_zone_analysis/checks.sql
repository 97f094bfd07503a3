-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.games_in_sample BETWEEN 0 AND 15, FALSE)
        THEN 'range: games in sample'
      WHEN NOT COALESCE(ABS(r.paint_defense_vs_league_avg) <= 30 AND ABS(r.mid_range_defense_vs_league_avg) <= 50 AND ABS(r.three_pt_defense_vs_league_avg) <= 50, FALSE)
        THEN 'range: zone against the league'
      WHEN NOT COALESCE(r.defensive_rating_last_15 IS NULL OR r.defensive_rating_last_15 BETWEEN 60 AND 180, FALSE)
        THEN 'range: defensive rating'
    END AS problem
  FROM nba_precompute.team_defense_zone_analysis AS r
  WHERE r.analysis_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.analysis_date AS STRING), ''), '|', COALESCE(CAST(r.team_abbr AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_precompute.team_defense_zone_analysis AS r
  WHERE r.analysis_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
