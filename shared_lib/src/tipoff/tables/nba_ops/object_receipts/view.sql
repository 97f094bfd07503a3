WITH counted AS (
  SELECT *, COUNT(DISTINCT received_at) OVER (PARTITION BY source_object, source_generation) AS times_received
  FROM nba_ops.object_receipts_log
)
SELECT *
FROM counted
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY source_object, source_generation ORDER BY parse_seq DESC, received_at DESC, outcome
) = 1
