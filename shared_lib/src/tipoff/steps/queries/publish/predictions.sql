-- The active predictions of the dates of the page, with their results.
SELECT
  p.game_date,
  IFNULL(n.player_name, p.player_lookup) AS player_name,
  p.team_abbr,
  p.opponent_team_abbr,
  ENDS_WITH(p.game_id, p.team_abbr) AS is_home,
  p.system_id,
  p.predicted_points,
  (SELECT MIN(q.points_pts) FROM UNNEST(p.quantiles) AS q WHERE q.probability = 0.1) AS low_pts,
  (SELECT MIN(q.points_pts) FROM UNNEST(p.quantiles) AS q WHERE q.probability = 0.9) AS high_pts,
  CAST(p.current_points_line AS FLOAT64) AS points_line,
  p.line_bookmaker AS bookmaker,
  p.prob_over,
  p.recommendation,
  a.actual_points,
  a.is_voided,
  a.is_push,
  a.prediction_correct
FROM nba_predictions.player_prop_predictions AS p
LEFT JOIN nba_raw.players AS n ON n.player_id = p.player_id AND n.is_primary
LEFT JOIN nba_predictions.prediction_accuracy AS a
  ON a.game_date = p.game_date AND a.prediction_id = p.prediction_id
WHERE p.game_date BETWEEN @start_date AND @end_date
  AND p.is_active
ORDER BY p.game_date DESC, p.game_id, p.team_abbr, player_name, p.system_id
