SELECT *
FROM nba_ops.collections_log
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY run_id ORDER BY ended_at DESC, outcome) = 1
