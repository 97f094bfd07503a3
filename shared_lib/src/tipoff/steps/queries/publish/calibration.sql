-- Calibration of P(over) for each system, in ten equal bins over graded rows with a line: forecast and observed share.
SELECT
  a.system_id,
  CAST(SUM(CAST(ROUND(a.prob_over, 6) AS NUMERIC)) / COUNT(*) AS FLOAT64) AS predicted,
  COUNTIF(a.actual_points > a.line_value) / COUNT(*) AS observed,
  COUNT(*) AS bin_rows
FROM nba_predictions.prediction_accuracy AS a
WHERE a.game_date BETWEEN @start_date AND @end_date
  AND NOT a.is_voided
  AND a.prob_over IS NOT NULL
  AND a.actual_points != a.line_value
GROUP BY a.system_id, LEAST(CAST(FLOOR(a.prob_over * 10) AS INT64), 9)
ORDER BY a.system_id, predicted
