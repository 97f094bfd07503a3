-- Grades by date and system over the dates of the page. A NULL date is the sum over all dates.
-- Errors are summed as NUMERIC of six decimals and divided once.
WITH graded AS (
  SELECT
    a.game_date,
    a.system_id,
    CAST(ROUND(a.absolute_error, 6) AS NUMERIC) AS absolute_error,
    CAST(ROUND(a.mean_error, 6) AS NUMERIC) AS mean_error,
    CAST(ROUND(a.line_error, 6) AS NUMERIC) AS line_error,
    CAST(ROUND(a.profit_units, 6) AS NUMERIC) AS profit_units,
    a.prediction_correct,
    a.is_push,
    a.is_voided,
    a.recommendation
  FROM nba_predictions.prediction_accuracy AS a
  WHERE a.game_date BETWEEN @start_date AND @end_date
)
SELECT
  g.game_date,
  g.system_id,
  COUNTIF(NOT g.is_voided) AS graded,
  CAST(SUM(g.absolute_error) / NULLIF(COUNTIF(g.absolute_error IS NOT NULL), 0) AS FLOAT64) AS mae_pts,
  CAST(SUM(g.mean_error) / NULLIF(COUNTIF(g.mean_error IS NOT NULL), 0) AS FLOAT64) AS bias_pts,
  COUNTIF(g.line_error IS NOT NULL AND NOT g.is_voided) AS line_rows,
  CAST(
    SUM(IF(g.line_error IS NOT NULL, g.absolute_error, NULL)) / NULLIF(COUNTIF(g.line_error IS NOT NULL), 0) AS FLOAT64
  ) AS mae_line_rows_pts,
  CAST(SUM(ABS(g.line_error)) / NULLIF(COUNTIF(g.line_error IS NOT NULL), 0) AS FLOAT64) AS line_mae_pts,
  COUNTIF(g.prediction_correct) AS wins,
  COUNTIF(NOT g.prediction_correct) AS losses,
  COUNTIF(g.is_push AND NOT g.is_voided) AS pushes,
  COUNTIF(g.recommendation = 'PASS' AND NOT g.is_voided) AS passes,
  COUNTIF(g.is_voided) AS voids,
  CAST(IFNULL(SUM(g.profit_units), 0) AS FLOAT64) AS profit_units
FROM graded AS g
GROUP BY GROUPING SETS ((g.game_date, g.system_id), (g.system_id))
ORDER BY g.game_date, g.system_id
