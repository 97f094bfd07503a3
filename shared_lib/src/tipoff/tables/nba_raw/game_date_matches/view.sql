-- A postponed game keeps its event at the vendor: a quote belongs to the nearest game of the two teams within three days
-- of its date. After the tip-off of a game, a quote for a later date belongs to the next game (`quoted_before`).
SELECT
  g.home_team_abbr,
  g.away_team_abbr,
  quoted_date,
  g.nba_game_id,
  g.game_id,
  g.game_date,
  g.tipoff_at,
  IF(g.game_date >= quoted_date, TIMESTAMP '9999-12-31 00:00:00+00', g.tipoff_at) AS quoted_before
FROM nba_raw.games AS g
CROSS JOIN UNNEST(
  GENERATE_DATE_ARRAY(DATE_SUB(g.game_date, INTERVAL 3 DAY), DATE_ADD(g.game_date, INTERVAL 3 DAY))
) AS quoted_date
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY g.home_team_abbr, g.away_team_abbr, quoted_date
  ORDER BY ABS(DATE_DIFF(quoted_date, g.game_date, DAY)), g.game_date, g.nba_game_id
) = 1
