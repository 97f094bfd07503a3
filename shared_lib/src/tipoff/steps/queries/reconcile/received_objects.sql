-- Objects that were received at or after an instant, whatever became of them.
SELECT DISTINCT r.source_object, r.source_generation
FROM nba_ops.object_receipts_log AS r
WHERE r.received_date >= DATE(@since) AND r.received_at >= @since
ORDER BY r.source_object, r.source_generation
