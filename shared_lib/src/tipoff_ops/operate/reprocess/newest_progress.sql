-- The newest progress record of a run of `reprocess`.
SELECT b.backfill_id, b.state, b.total, b.done, b.cursor, b.started_at, b.updated_at
FROM nba_ops.backfill_progress AS b
WHERE b.backfill_id = @backfill_id
