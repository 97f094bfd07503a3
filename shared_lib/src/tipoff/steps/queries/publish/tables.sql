-- The last run of each step for each date of the page.
SELECT
  d AS game_date,
  r.step AS table_name,
  r.outcome,
  r.cause,
  r.rows_out AS row_count
FROM nba_ops.run_history AS r
CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(GREATEST(r.start_date, @start_date), LEAST(r.end_date, @end_date))) AS d
WHERE r.run_date BETWEEN @start_date AND DATE_ADD(@end_date, INTERVAL 400 DAY)
  AND r.start_date <= @end_date
  AND r.end_date >= @start_date
QUALIFY ROW_NUMBER() OVER (PARTITION BY r.step, d ORDER BY r.started_at DESC, r.run_id DESC) = 1
ORDER BY table_name, game_date
