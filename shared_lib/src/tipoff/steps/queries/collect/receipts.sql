-- How many of these objects have a receipt of ingest.
SELECT COUNT(DISTINCT r.source_object) AS objects
FROM nba_ops.object_receipts_log AS r
WHERE r.received_date >= @since_date AND r.source_object IN UNNEST(@object_names)
