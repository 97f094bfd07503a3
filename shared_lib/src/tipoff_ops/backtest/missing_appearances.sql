-- Appearances of regular seasons without a forecast, by season and reason.
SELECT m.season_year, m.reason, COUNT(*) AS appearances
FROM nba_analytics.missing_appearances AS m
WHERE NOT m.is_playoffs
GROUP BY m.season_year, m.reason
ORDER BY m.season_year, m.reason
