-- The rows of the feature store with their outcomes, for training and backtests: one row per player and game.
-- The line is the reference line in force at the cutoff of the row. No quote at or after the cutoff counts.
SELECT
  f.game_date,
  f.season_year,
  f.nba_game_id,
  f.player_id,
  ARRAY(SELECT x.value FROM UNNEST(f.features) AS x WITH OFFSET AS place ORDER BY place) AS feature_values,
  f.feature_quality_score,
  SUBSTR(f.nba_game_id, 1, 3) = '004' AS is_playoffs,
  CAST(p.points AS FLOAT64) AS points,
  CAST(p.seconds_tenths AS FLOAT64) / 600 AS minutes,
  CAST(r.points_line AS FLOAT64) AS line_pts,
  r.over_price_american AS over_american,
  r.under_price_american AS under_american,
  r.bookmaker,
  c.points_avg_last_10 AS last_10_pts
FROM nba_predictions.ml_feature_store_v2 AS f
LEFT JOIN nba_analytics.player_game_summary_history AS p
  ON p.nba_game_id = f.nba_game_id AND p.player_id = f.player_id
  AND p.known_from_at < @as_of AND @as_of <= p.known_to_at
  AND p.game_date = f.game_date AND p.game_date BETWEEN @start_date AND @end_date
LEFT JOIN nba_analytics.player_reference_line_history AS r
  ON r.game_date = f.game_date AND r.nba_game_id = f.nba_game_id AND r.player_id = f.player_id
  AND r.in_force_from_at < f.cutoff_at AND f.cutoff_at <= r.in_force_to_at
  AND r.game_date BETWEEN @start_date AND @end_date
LEFT JOIN nba_analytics.upcoming_player_game_context AS c
  ON c.game_date = f.game_date AND c.nba_game_id = f.nba_game_id AND c.player_id = f.player_id
  AND c.game_date BETWEEN @start_date AND @end_date
WHERE f.game_date BETWEEN @start_date AND @end_date
