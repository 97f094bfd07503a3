-- The reasons of documents that are in quarantine now, each with its newest example.
WITH held AS (
  SELECT
    q.code,
    q.source,
    q.last_seen_at,
    q.source_object AS sample_object,
    q.field AS sample_field,
    q.value AS sample_value,
    q.rule,
    COUNT(*) OVER (PARTITION BY q.code, q.source) AS held,
    ROW_NUMBER() OVER (PARTITION BY q.code, q.source ORDER BY q.last_seen_at DESC, q.source_object, q.row_index) AS n
  FROM nba_ops.quarantine AS q
  WHERE q.replayed_at IS NULL
)
SELECT h.code, h.source, h.held, h.last_seen_at, h.sample_object, h.sample_field, h.sample_value, h.rule
FROM held AS h
WHERE h.n = 1
ORDER BY h.held DESC, h.code, h.source
LIMIT 20
