SELECT
  b.player_id,
  b.player_lookup,
  ARRAY_AGG(b.player_name ORDER BY b.observed_at, b.source_object LIMIT 1)[OFFSET(0)] AS player_name,
  MIN(b.observed_at) AS first_known_at,
  ARRAY_AGG(b.game_date ORDER BY b.observed_at, b.source_object LIMIT 1)[OFFSET(0)] AS first_game_date,
  ARRAY_AGG(b.team_abbr ORDER BY b.observed_at, b.source_object LIMIT 1)[OFFSET(0)] AS first_team_abbr,
  ROW_NUMBER() OVER (PARTITION BY b.player_lookup ORDER BY MIN(b.observed_at), b.player_id) = 1 AS is_primary
FROM nba_landing.nbac_player_boxscores AS b
WHERE b.game_date >= DATE '2000-01-01'  -- landing tables require a partition filter
GROUP BY b.player_id, b.player_lookup
