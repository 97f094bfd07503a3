WITH vendor AS (
  SELECT b.player_lookup, ARRAY_AGG(DISTINCT b.bdl_player_id ORDER BY b.bdl_player_id) AS player_ids
  FROM nba_landing.bdl_player_boxscores AS b
  WHERE b.game_date >= DATE '2000-01-01'
  GROUP BY b.player_lookup
),
quoted AS (
  SELECT q.player_lookup, ARRAY_AGG(DISTINCT q.player_name ORDER BY q.player_name) AS names
  FROM nba_landing.odds_api_player_props AS q
  WHERE q.game_date >= DATE '2000-01-01'
  GROUP BY q.player_lookup
),
listed AS (
  SELECT i.player_lookup, ARRAY_AGG(DISTINCT i.player_name_original ORDER BY i.player_name_original) AS names
  FROM nba_landing.nbac_injury_report AS i
  WHERE i.game_date >= DATE '2000-01-01' AND i.row_kind = 'listing' AND i.player_name_original IS NOT NULL
  GROUP BY i.player_lookup
)
SELECT
  p.player_id,
  p.player_lookup,
  p.player_name,
  v.player_ids AS bdl_player_ids,
  q.names AS quoted_as,
  l.names AS listed_as
FROM nba_raw.players AS p
LEFT JOIN vendor AS v ON v.player_lookup = p.player_lookup
LEFT JOIN quoted AS q ON q.player_lookup = p.player_lookup
LEFT JOIN listed AS l ON l.player_lookup = p.player_lookup
WHERE p.is_primary
