-- Entries in quarantine by level and code, and the units left of running replays.
SELECT CONCAT(q.level, ':', q.code) AS name, COUNT(*) AS held
FROM nba_ops.quarantine AS q
WHERE q.replayed_at IS NULL
GROUP BY name
UNION ALL
SELECT CONCAT('running:', b.backfill_id), b.total - b.done
FROM nba_ops.backfill_progress AS b
WHERE b.state = 'running'
ORDER BY name
