-- The newest receipt of each object with the prefix, if it was received since the instant.
SELECT
  r.source_object,
  r.source_generation,
  r.source,
  r.outcome,
  r.parse_seq,
  r.rows_out,
  r.received_at
FROM nba_ops.object_receipts AS r
WHERE STARTS_WITH(r.source_object, @prefix)
  AND r.received_at >= @since
ORDER BY r.source_object, r.source_generation
