-- How many objects have a receipt since an instant; from the log's own partitions, since it is asked again and again
-- while they come in. A receipt that was appended twice counts once.
SELECT COUNT(DISTINCT CONCAT(r.source_object, '#', CAST(r.source_generation AS STRING))) AS objects
FROM nba_ops.object_receipts_log AS r
WHERE r.received_date >= DATE(@since)
  AND r.received_at >= @since
  AND STARTS_WITH(r.source_object, @prefix)
