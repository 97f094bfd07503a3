-- Events of an object, oldest first: its receipts, its entries in quarantine, and the later runs that read its tables.
WITH receipts AS (
  SELECT r.received_at, r.committed_at, r.outcome, r.reason, r.rows_out, r.game_date, r.source_generation, r.tables
  FROM nba_ops.object_receipts_log AS r
  WHERE r.source_object = @source_object
),
events AS (
  SELECT m.received_at AS told_at, 'receipt' AS kind, m.outcome AS what,
    CONCAT(COALESCE(m.reason, ''), ' generation ', CAST(m.source_generation AS STRING), ', ',
      CAST(m.rows_out AS STRING), ' rows') AS detail
  FROM receipts AS m
  UNION ALL
  SELECT q.first_seen_at, 'quarantine', q.code, q.message
  FROM nba_ops.quarantine AS q WHERE q.source_object = @source_object
  UNION ALL
  SELECT h.ended_at, 'run', h.outcome,
    CONCAT(h.step, ' ', CAST(h.start_date AS STRING), '..', CAST(h.end_date AS STRING))
  FROM nba_ops.run_history AS h
  WHERE EXISTS (
    SELECT 1 FROM receipts AS m CROSS JOIN UNNEST(m.tables) AS t CROSS JOIN UNNEST(h.inputs) AS i
    WHERE i.table_name = t.table_name AND h.started_at >= m.committed_at
      AND (m.game_date IS NULL OR h.end_date >= m.game_date)
  )
)
SELECT d.told_at, d.kind, d.what, d.detail
FROM events AS d
ORDER BY d.told_at, d.kind, d.detail
