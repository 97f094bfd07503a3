-- The reference line of each player's game, in force at the cutoff. No quote at or after the cutoff counts.
SELECT
  r.nba_game_id,
  r.player_id,
  CAST(r.points_line AS FLOAT64) AS line_pts,
  r.over_price_american,
  r.under_price_american,
  r.bookmaker,
  r.quoted_at AS snapshot_at,
  r.line_books
FROM nba_predictions.ml_feature_store_v2 AS f
JOIN nba_analytics.player_reference_line_history AS r
  ON r.game_date = f.game_date AND r.nba_game_id = f.nba_game_id AND r.player_id = f.player_id
  AND r.in_force_from_at < f.cutoff_at AND f.cutoff_at <= r.in_force_to_at
WHERE f.game_date = @game_date
  AND r.game_date = @game_date
  AND f.player_id IN UNNEST(@player_ids)
ORDER BY r.nba_game_id, r.player_id
