-- The newest run of the step behind an output over a date, and how often it failed on the same inputs and release.
WITH runs AS (
  SELECT
    r.step, r.outcome, r.cause, r.message, r.as_of, r.ended_at, r.rows_out, r.run_id,
    COUNTIF(r.outcome = 'failed') OVER (PARTITION BY r.step, r.input_digest, r.release) AS repeats
  FROM nba_ops.run_history AS r
  WHERE r.step IN (@step, CONCAT(@step, '_history'))
    AND r.run_date >= @game_date AND r.start_date <= @game_date AND r.end_date >= @game_date
)
SELECT
  n.step, n.outcome, COALESCE(n.cause, '') AS cause, COALESCE(n.message, '') AS message, n.as_of, n.ended_at,
  n.rows_out, n.repeats
FROM runs AS n
ORDER BY n.ended_at DESC, n.run_id DESC
LIMIT 1
