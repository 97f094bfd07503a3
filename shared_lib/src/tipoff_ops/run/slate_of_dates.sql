-- Outcomes of the candidates of each date.
SELECT
  o.game_date,
  COUNT(DISTINCT o.nba_game_id) AS games,
  COUNT(*) AS players,
  COUNTIF(o.state = 'predicted') AS predicted,
  COUNTIF(o.state = 'skipped') AS skipped,
  COUNTIF(o.state NOT IN ('predicted', 'skipped')) AS missing
FROM nba_predictions.prediction_outcomes AS o
WHERE o.game_date BETWEEN @start_date AND @end_date
GROUP BY o.game_date
ORDER BY o.game_date
