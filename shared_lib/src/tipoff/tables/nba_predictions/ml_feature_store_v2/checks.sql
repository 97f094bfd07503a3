ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), '')))
  FROM nba_predictions.ml_feature_store_v2 AS r WHERE r.game_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_predictions.ml_feature_store_v2 has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_predictions.ml_feature_store_v2 AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(ARRAY_LENGTH(r.features) = r.feature_count, FALSE))
  AS 'width: features and feature_count differ';
ASSERT NOT EXISTS (SELECT 1 FROM nba_predictions.ml_feature_store_v2 AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.feature_quality_score BETWEEN 0 AND 100, FALSE))
  AS 'range: quality score';
ASSERT NOT EXISTS (SELECT 1 FROM nba_predictions.ml_feature_store_v2 AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(NOT EXISTS (SELECT 1 FROM UNNEST(r.features) AS f WHERE f.value IS NULL OR f.quality IS NULL OR f.quality < 0 OR f.quality > 1), FALSE))
  AS 'null_feature: a feature without value or quality';
ASSERT NOT EXISTS (
  SELECT 1 FROM nba_analytics.upcoming_player_game_context AS c
  LEFT JOIN nba_predictions.ml_feature_store_v2 AS r ON r.game_id = c.game_id AND r.player_id = c.player_id AND r.game_date BETWEEN @start_date AND @end_date
  WHERE c.game_date BETWEEN @start_date AND @end_date AND c.slate_status = 'active' AND r.player_id IS NULL
)
  AS 'incomplete: an active candidate has no row (was the context built for a later @as_of?)';
