SELECT *
FROM nba_ops.expected_outputs_log
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, output ORDER BY checked_at DESC, state) = 1
