-- Every name that a document gives a player: of box scores, and of the date's slate, reports and quotes.
WITH slate AS (
  SELECT DISTINCT c.player_lookup
  FROM nba_analytics.upcoming_player_game_context AS c
  WHERE c.game_date = @game_date
),
named AS (
  SELECT p.player_lookup, p.player_name
  FROM nba_raw.players AS p
  WHERE p.is_primary
  UNION ALL
  SELECT r.player_lookup, r.player_name_original
  FROM nba_raw.nbac_injury_report AS r
  WHERE r.game_date = @game_date AND r.row_kind = 'listing'
  UNION ALL
  SELECT q.player_lookup, q.player_name
  FROM nba_raw.odds_api_player_points_props AS q
  WHERE q.game_date = @game_date
)
SELECT
  n.player_lookup,
  MIN(n.player_name) AS player_name,
  LOGICAL_OR(s.player_lookup IS NOT NULL) AS on_slate
FROM named AS n
LEFT JOIN slate AS s ON s.player_lookup = n.player_lookup
WHERE n.player_lookup IS NOT NULL
GROUP BY n.player_lookup
ORDER BY n.player_lookup
