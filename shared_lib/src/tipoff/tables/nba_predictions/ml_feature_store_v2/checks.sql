-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(ARRAY_LENGTH(r.features) = r.feature_count, FALSE)
        THEN 'width: features and feature_count differ'
      WHEN NOT COALESCE(r.feature_quality_score BETWEEN 0 AND 100, FALSE)
        THEN 'range: quality score'
      WHEN NOT COALESCE(NOT EXISTS (SELECT 1 FROM UNNEST(r.features) AS f WHERE f.value IS NULL OR f.quality IS NULL OR f.quality < 0 OR f.quality > 1), FALSE)
        THEN 'null_feature: a feature without value or quality'
    END AS problem
  FROM nba_predictions.ml_feature_store_v2 AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_predictions.ml_feature_store_v2 AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'incomplete: an active candidate has no row (was the context built for a later @as_of?)' AS problem
  FROM nba_analytics.upcoming_player_game_context AS c
  LEFT JOIN nba_predictions.ml_feature_store_v2 AS r
    ON r.game_id = c.game_id AND r.player_id = c.player_id AND r.game_date BETWEEN @start_date AND @end_date
  WHERE c.game_date BETWEEN @start_date AND @end_date AND c.slate_status = 'active' AND r.player_id IS NULL
) AS p
WHERE p.problem IS NOT NULL;
