-- For each date, how many candidates were predicted and how many were skipped.
SELECT
  o.game_date,
  COUNT(DISTINCT o.nba_game_id) AS games,
  COUNTIF(o.slate_status = 'active') AS slate_players,
  SUM(o.systems) AS predictions,
  COUNTIF(o.state = 'skipped') AS skipped
FROM nba_predictions.prediction_outcomes AS o
WHERE o.game_date BETWEEN @start_date AND @end_date
GROUP BY o.game_date
ORDER BY o.game_date
