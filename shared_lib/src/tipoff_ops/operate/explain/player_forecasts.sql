-- The forecasts of a player that stand on a date, with their grades, best explained system first.
SELECT
  p.system_id,
  ROUND(p.predicted_points, 1) AS predicted_pts,
  CAST(p.current_points_line AS FLOAT64) AS line_pts,
  p.line_bookmaker,
  p.recommendation,
  p.cutoff_at,
  ARRAY_TO_STRING(
    ARRAY(SELECT CONCAT(k.name, ' ', FORMAT('%+.1f', k.contribution_pts)) FROM UNNEST(p.key_factors) AS k), ', '
  ) AS reasons,
  ARRAY_TO_STRING(p.warnings, ', ') AS warnings,
  a.actual_points AS actual_pts,
  a.outcome
FROM nba_predictions.player_prop_predictions AS p
LEFT JOIN nba_predictions.prediction_accuracy AS a
  ON a.prediction_id = p.prediction_id AND a.game_date = p.game_date
WHERE p.game_date = @game_date AND p.player_lookup = @player_lookup AND p.is_active
ORDER BY p.system_id
