-- Each book's main line in force at the cutoff of each of these players' games: never a quote at or after it.
SELECT
  l.nba_game_id,
  l.player_id,
  CAST(l.points_line AS FLOAT64) AS line_pts,
  l.over_price_american,
  l.under_price_american,
  l.bookmaker,
  l.quoted_at AS snapshot_at
FROM nba_analytics.player_line_history AS l
JOIN nba_predictions.ml_feature_store_v2 AS f
  ON f.nba_game_id = l.nba_game_id AND f.player_id = l.player_id
WHERE f.game_date = @game_date
  AND l.game_date BETWEEN DATE_SUB(@game_date, INTERVAL 3 DAY) AND DATE_ADD(@game_date, INTERVAL 3 DAY)
  AND f.player_id IN UNNEST(@player_ids)
  AND l.quoted_at < f.cutoff_at
  AND f.cutoff_at <= l.replaced_at
ORDER BY l.nba_game_id, l.player_id, l.bookmaker
