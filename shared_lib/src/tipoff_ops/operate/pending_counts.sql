-- What quarantine holds, by level and code, and replays that have not ended.
SELECT CONCAT(q.level, ':', q.code) AS name, COUNT(*) AS held
FROM nba_ops.quarantine AS q
WHERE q.replayed_at IS NULL
GROUP BY name
UNION ALL
SELECT CONCAT('running:', b.backfill_id), b.total - b.done
FROM nba_ops.backfill_progress AS b
WHERE b.state = 'running'
ORDER BY name
