-- For each date and step, whether the newest run failed or ended well.
WITH runs AS (
  SELECT r.step AS output, d AS game_date, r.outcome, r.cause
  FROM nba_ops.run_history AS r
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(GREATEST(r.start_date, @start_date), LEAST(r.end_date, @end_date))) AS d
  WHERE r.run_date >= @start_date AND r.start_date <= @end_date AND r.end_date >= @start_date
  QUALIFY ROW_NUMBER() OVER (PARTITION BY r.step, d ORDER BY r.started_at DESC, r.run_id DESC) = 1
)
SELECT
  u.output,
  u.game_date,
  IF(u.outcome = 'failed', CONCAT('step_failed:', COALESCE(u.cause, 'unknown')), 'built_without_rows') AS cause
FROM runs AS u
WHERE u.outcome IN ('failed', 'ok')
ORDER BY u.game_date, u.output
