-- For each source, the number of objects, and their rows read, written and rejected.
SELECT
  r.source AS name,
  COUNT(*) AS documents,
  SUM(r.rows_in) AS rows_in,
  SUM(r.rows_out) AS rows_out,
  SUM(r.rows_rejected) AS rows_rejected
FROM nba_ops.object_receipts AS r
GROUP BY r.source
ORDER BY r.source
