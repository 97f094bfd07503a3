-- The dates of a range by the newest schedule: scheduled games, postponed games, and whether the date is in the season.
WITH games AS (
  SELECT s.game_date, s.tipoff_at, s.postponed
  FROM nba_raw.nbac_schedule AS s
  WHERE s.season_type IN ('regular_season', 'playoffs', 'play_in', 'cup_final')
    AND s.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 180 DAY) AND DATE_ADD(@end_date, INTERVAL 180 DAY)
)
SELECT
  d AS game_date,
  COUNTIF(g.game_date = d AND NOT g.postponed) AS games,
  COUNTIF(g.game_date = d AND g.postponed) AS postponed,
  MIN(IF(g.game_date = d AND NOT g.postponed, g.tipoff_at, NULL)) AS first_tipoff_at,
  MAX(IF(g.game_date = d AND NOT g.postponed, g.tipoff_at, NULL)) AS last_tipoff_at,
  COUNT(g.game_date) > 0 AS season_known,
  COUNTIF(g.game_date BETWEEN DATE_SUB(d, INTERVAL 21 DAY) AND d) > 0
    AND COUNTIF(g.game_date BETWEEN d AND DATE_ADD(d, INTERVAL 21 DAY)) > 0 AS in_season
FROM UNNEST(GENERATE_DATE_ARRAY(@start_date, @end_date)) AS d
LEFT JOIN games AS g ON TRUE
GROUP BY d
ORDER BY d
