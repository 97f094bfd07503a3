SELECT *
FROM nba_ops.backfill_progress_log
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY backfill_id ORDER BY updated_at DESC, done DESC, state) = 1
