-- The runs of collect in the last days, newest first.
SELECT
  c.source,
  c.host,
  c.game_date,
  c.snapshot_at,
  c.outcome,
  c.credits_left,
  c.circuit_failures,
  c.circuit_open_until,
  c.ended_at
FROM nba_ops.collections AS c
WHERE c.collected_date >= @since_date
ORDER BY c.ended_at DESC, c.run_id
