-- When a replay of this name began, if it has begun.
SELECT MIN(b.started_at) AS started_at
FROM nba_ops.backfill_progress AS b
WHERE b.backfill_id = @backfill_id
