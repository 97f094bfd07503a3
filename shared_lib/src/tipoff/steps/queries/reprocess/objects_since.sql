-- How many objects have a receipt since an instant. The log is read instead of the view, because this query runs often
-- during a replay. A receipt that was appended twice counts once.
SELECT COUNT(DISTINCT CONCAT(r.source_object, '#', CAST(r.source_generation AS STRING))) AS objects
FROM nba_ops.object_receipts_log AS r
WHERE r.received_date >= DATE(@since)
  AND r.received_at >= @since
  AND STARTS_WITH(r.source_object, @prefix)
