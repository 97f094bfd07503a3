-- The newest run of each step since an instant over some dates, and the number of its runs that failed.
SELECT
  r.step,
  r.outcome,
  COALESCE(r.cause, '') AS cause,
  r.start_date,
  r.end_date,
  r.ended_at,
  r.duration_seconds,
  COUNTIF(r.outcome = 'failed') OVER (PARTITION BY r.step) AS failures
FROM nba_ops.run_history AS r
WHERE r.started_at >= @since
  AND COALESCE(r.start_date <= @last_date AND r.end_date >= @first_date, TRUE)
QUALIFY ROW_NUMBER() OVER (PARTITION BY r.step ORDER BY r.started_at DESC, r.run_id DESC) = 1
ORDER BY r.step
