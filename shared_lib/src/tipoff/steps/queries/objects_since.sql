-- How many objects have a receipt since an instant: cheap to ask again and again while they come in.
SELECT COUNT(*) AS objects
FROM nba_ops.object_receipts AS r
WHERE STARTS_WITH(r.source_object, @prefix)
  AND r.received_at >= @since
