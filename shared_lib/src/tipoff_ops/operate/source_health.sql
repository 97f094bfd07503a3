-- The newest run of each source, and whether the circuit breaker of its host is open at this instant.
SELECT
  h.source,
  h.host,
  h.last_outcome,
  h.last_run_at,
  h.last_ok_at,
  IF(h.circuit_open_until > @now, 'open', 'closed') AS circuit,
  IF(h.circuit_open_until > @now, h.circuit_open_until, NULL) AS open_until,
  h.credits_left
FROM nba_ops.source_health AS h
ORDER BY h.source
