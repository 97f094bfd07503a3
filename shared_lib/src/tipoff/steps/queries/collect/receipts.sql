-- How many of these objects ingest has dealt with.
SELECT COUNT(DISTINCT r.source_object) AS objects
FROM nba_ops.object_receipts_log AS r
WHERE r.received_date >= @since_date AND r.source_object IN UNNEST(@object_names)
