-- The feature rows of some players of a date. The features are one JSON text: it is read much faster than an ARRAY.
SELECT
  f.game_date,
  f.game_id,
  f.nba_game_id,
  f.player_id,
  f.player_lookup,
  f.team_abbr,
  f.opponent_team_abbr,
  f.cutoff_at,
  f.feature_quality_score,
  c.team_is_inferred,
  TO_JSON_STRING(f.features) AS features_json
FROM nba_predictions.ml_feature_store_v2 AS f
LEFT JOIN nba_analytics.upcoming_player_game_context AS c
  ON c.game_date = @game_date AND c.nba_game_id = f.nba_game_id AND c.player_id = f.player_id
WHERE f.game_date = @game_date AND f.player_id IN UNNEST(@player_ids)
ORDER BY f.nba_game_id, f.player_id
