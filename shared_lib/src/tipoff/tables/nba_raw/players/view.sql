WITH pairs AS (
  SELECT b.player_id, b.player_lookup, b.player_name, b.game_date AS document_date, b.team_abbr, b.observed_at, b.source_object
  FROM nba_landing.nbac_player_boxscores AS b
  WHERE b.game_date >= DATE '2000-01-01'  -- landing tables require a partition filter
  UNION ALL
  SELECT r.player_id, r.player_lookup, r.player_name, r.roster_date, r.team_abbr, r.observed_at, r.source_object
  FROM nba_landing.nbac_roster AS r
  WHERE r.roster_date >= DATE '2000-01-01'
)
SELECT
  p.player_id,
  p.player_lookup,
  ARRAY_AGG(p.player_name ORDER BY p.observed_at, p.source_object LIMIT 1)[OFFSET(0)] AS player_name,
  MIN(p.observed_at) AS first_known_at,
  ARRAY_AGG(p.document_date ORDER BY p.observed_at, p.source_object LIMIT 1)[OFFSET(0)] AS first_game_date,
  ARRAY_AGG(p.team_abbr ORDER BY p.observed_at, p.source_object LIMIT 1)[OFFSET(0)] AS first_team_abbr,
  ROW_NUMBER() OVER (PARTITION BY p.player_lookup ORDER BY MIN(p.observed_at), p.player_id) = 1 AS is_primary
FROM pairs AS p
GROUP BY p.player_id, p.player_lookup
