-- The last recorded state of the outputs of a range, and of earlier dates that are still open.
SELECT e.game_date, e.output, e.state, COALESCE(e.cause, '') AS cause, COALESCE(e.actual_rows, 0) AS actual_rows
FROM nba_ops.expected_outputs AS e
WHERE e.game_date BETWEEN @start_date AND @end_date
  OR (e.game_date < @start_date AND e.state IN ('EXPECTED', 'LATE'))
ORDER BY e.game_date, e.output
