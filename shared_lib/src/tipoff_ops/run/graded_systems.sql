-- One row per date and system: what was predicted and how it was graded.
SELECT
  a.game_date,
  a.system_id,
  COUNT(DISTINCT a.nba_game_id) AS games,
  COUNT(*) AS predictions,
  COUNTIF(a.is_voided) AS voids,
  COUNTIF(a.absolute_error IS NOT NULL) AS graded,
  CAST(SUM(CAST(ROUND(a.absolute_error, 6) AS NUMERIC)) AS FLOAT64)
    / NULLIF(COUNTIF(a.absolute_error IS NOT NULL), 0) AS mae_pts,
  COUNTIF(a.line_error IS NOT NULL AND NOT a.is_voided) AS with_line,
  CAST(SUM(IF(a.line_error IS NOT NULL, CAST(ROUND(a.absolute_error, 6) AS NUMERIC), NULL)) AS FLOAT64)
    / NULLIF(COUNTIF(a.line_error IS NOT NULL), 0) AS mae_listed_pts,
  CAST(SUM(ABS(CAST(ROUND(a.line_error, 6) AS NUMERIC))) AS FLOAT64)
    / NULLIF(COUNTIF(a.line_error IS NOT NULL), 0) AS line_mae_pts
FROM nba_predictions.prediction_accuracy AS a
WHERE a.game_date BETWEEN @start_date AND @end_date
GROUP BY a.game_date, a.system_id
ORDER BY a.game_date, a.system_id
