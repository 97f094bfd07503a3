-- Every candidate of a date's games, and whether the feature store has a row for him.
SELECT
  c.game_id,
  c.nba_game_id,
  c.player_id,
  c.player_lookup,
  c.team_abbr,
  c.slate_status,
  c.cutoff_at,
  f.player_id IS NOT NULL AS has_features
FROM nba_analytics.upcoming_player_game_context AS c
LEFT JOIN nba_predictions.ml_feature_store_v2 AS f
  ON f.game_date = c.game_date AND f.nba_game_id = c.nba_game_id AND f.player_id = c.player_id
WHERE c.game_date = @game_date
ORDER BY c.nba_game_id, c.player_id
