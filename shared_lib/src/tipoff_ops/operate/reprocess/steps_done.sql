-- Table-days that steps have rebuilt under one as-of within a range, and days whose batch of that as-of is complete.
WITH runs AS (
  SELECT DISTINCT r.step, r.step_id, r.start_date, r.end_date
  FROM nba_ops.run_history AS r
  WHERE r.run_date BETWEEN @start_date AND @end_date
    AND r.start_date >= @start_date AND r.as_of = @as_of AND r.outcome = 'ok'
)
SELECT
  (SELECT COALESCE(SUM(DATE_DIFF(u.end_date, u.start_date, DAY) + 1), 0) FROM runs AS u) AS table_days,
  (SELECT COUNT(DISTINCT b.game_date) FROM nba_predictions.prediction_batches AS b
   WHERE b.game_date BETWEEN @start_date AND @end_date AND b.as_of = @as_of AND b.is_complete) AS batch_days
