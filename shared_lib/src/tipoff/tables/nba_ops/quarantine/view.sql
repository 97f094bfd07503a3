WITH held AS (
  SELECT
    source_object,
    source_generation,
    level,
    row_index,
    code,
    field,
    MIN(quarantined_at) AS first_seen_at,
    MAX(quarantined_at) AS last_seen_at,
    COUNT(DISTINCT quarantined_at) AS times_seen,
    MAX(replayed_at) AS sent_again_at,
    ARRAY_AGG(
      STRUCT(
        source AS source, value AS value, rule AS rule, message AS message, copy_object AS copy_object,
        release AS release
      ) ORDER BY quarantined_at DESC, message LIMIT 1
    )[OFFSET(0)] AS newest
  FROM nba_ops.quarantine_log
  GROUP BY 1, 2, 3, 4, 5, 6
),
accepted AS (
  SELECT
    r.source_object,
    r.source_generation,
    MAX(IF(r.rows_rejected = 0, r.received_at, NULL)) AS clean_at,
    MAX(r.received_at) AS accepted_at
  FROM nba_ops.object_receipts_log AS r
  WHERE r.outcome = 'accepted'
  GROUP BY 1, 2
)
SELECT
  DATE(h.first_seen_at) AS quarantined_date,
  h.newest.source AS source,
  h.level,
  h.source_object,
  h.source_generation,
  h.row_index,
  h.code,
  h.field,
  h.newest.value AS value,
  h.newest.rule AS rule,
  h.newest.message AS message,
  h.newest.copy_object AS copy_object,
  h.first_seen_at,
  h.last_seen_at,
  h.times_seen,
  CASE
    WHEN h.level = 'row' AND a.clean_at > h.last_seen_at THEN a.clean_at
    WHEN h.level != 'row' AND a.accepted_at > h.last_seen_at THEN a.accepted_at
    WHEN h.sent_again_at > h.last_seen_at THEN h.sent_again_at
  END AS replayed_at,
  h.newest.release AS release
FROM held AS h
LEFT JOIN accepted AS a ON a.source_object = h.source_object AND a.source_generation = h.source_generation
