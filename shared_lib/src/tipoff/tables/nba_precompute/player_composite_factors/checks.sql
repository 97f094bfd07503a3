-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.fatigue_score BETWEEN 0 AND 100 AND r.fatigue_adjustment BETWEEN -5 AND 0, FALSE)
        THEN 'range: fatigue'
      WHEN NOT COALESCE(r.shot_zone_mismatch_score IS NULL OR ABS(r.shot_zone_mismatch_score) <= 10, FALSE)
        THEN 'range: mismatch'
      WHEN NOT COALESCE(r.pace_score IS NULL OR ABS(r.pace_score) <= 3, FALSE)
        THEN 'range: pace'
      WHEN NOT COALESCE(r.usage_spike_score IS NULL OR ABS(r.usage_spike_score) <= 3, FALSE)
        THEN 'range: usage spike'
    END AS problem
  FROM nba_precompute.player_composite_factors AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_precompute.player_composite_factors AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'incomplete: an active candidate has no row (was the context built for a later @as_of?)' AS problem
  FROM nba_analytics.upcoming_player_game_context AS c
  LEFT JOIN nba_precompute.player_composite_factors AS r
    ON r.game_id = c.game_id AND r.player_id = c.player_id AND r.game_date BETWEEN @start_date AND @end_date
  WHERE c.game_date BETWEEN @start_date AND @end_date AND c.slate_status = 'active' AND r.player_id IS NULL
) AS p
WHERE p.problem IS NOT NULL;
