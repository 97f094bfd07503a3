-- How much is known of the schedule at all.
SELECT COUNT(*) AS games
FROM nba_raw.nbac_schedule AS s
