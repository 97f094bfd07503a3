-- The number of games on any known schedule.
SELECT COUNT(*) AS games
FROM nba_raw.nbac_schedule AS s
