-- The games of the range, and the games on the known schedule around it. No schedule is not the same as no games.
SELECT
  COUNTIF(g.game_date BETWEEN @start_date AND @end_date) AS games,
  COUNT(*) AS games_known
FROM nba_raw.games_asof(@as_of, @lead_minutes) AS g
WHERE g.known_in_time
  AND g.game_date BETWEEN DATE_SUB(@start_date, INTERVAL @around_days DAY) AND DATE_ADD(@end_date, INTERVAL @around_days DAY)
