-- Objects that are in, by what their newest receipt says.
SELECT
  r.source_object,
  r.source_generation,
  r.outcome,
  r.parse_seq
FROM nba_ops.object_receipts AS r
WHERE STARTS_WITH(r.source_object, @prefix)
