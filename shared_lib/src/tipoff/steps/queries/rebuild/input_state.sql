-- For each landing table, the number of rows that the range can read, and when the newest of them was committed. The
-- receipts are read instead of the tables: they have far fewer rows.
SELECT
  t.table_name,
  SUM(t.row_count) AS row_count,
  MAX(r.committed_at) AS newest_ingested_at
FROM nba_ops.object_receipts AS r
CROSS JOIN UNNEST(r.tables) AS t
WHERE r.outcome = 'accepted'
  AND r.observed_at < @as_of
  AND (r.game_date IS NULL OR r.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 420 DAY) AND @end_date)
GROUP BY t.table_name
ORDER BY t.table_name
