-- The newest successful run of each step over each range that overlaps the dates, with its inputs.
SELECT r.step, r.start_date, r.end_date, r.as_of, r.lead_minutes, r.inputs, r.ended_at
FROM nba_ops.run_history AS r
WHERE r.run_date >= @start_date AND r.start_date <= @end_date AND r.end_date >= @start_date
  AND r.outcome = 'ok' AND r.as_of IS NOT NULL AND r.lead_minutes IS NOT NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY r.step, r.start_date, r.end_date ORDER BY r.ended_at DESC, r.run_id DESC) = 1
ORDER BY r.start_date, r.end_date, r.as_of, r.step
