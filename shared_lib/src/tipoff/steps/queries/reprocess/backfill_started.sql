-- When the replay of this name started; NULL if it has not.
SELECT MIN(b.started_at) AS started_at
FROM nba_ops.backfill_progress AS b
WHERE b.backfill_id = @backfill_id
