WITH named AS (
  SELECT
    'odds_api_player_props' AS source, q.game_date, q.home_team_abbr AS team_abbr, q.player_lookup, q.player_name,
    CAST(NULL AS INT64) AS player_id, q.observed_at
  FROM nba_landing.odds_api_player_props AS q
  WHERE q.game_date >= DATE '2000-01-01'
  UNION ALL
  SELECT
    'nbac_injury_report' AS source, i.game_date, i.team_abbr, i.player_lookup, i.player_name_original AS player_name,
    i.player_id, i.observed_at
  FROM nba_landing.nbac_injury_report AS i
  WHERE i.game_date >= DATE '2000-01-01' AND i.row_kind = 'listing'
  UNION ALL
  SELECT
    'bdl_player_boxscores' AS source, b.game_date, b.team_abbr, b.player_lookup, b.player_name,
    CAST(NULL AS INT64) AS player_id, b.observed_at
  FROM nba_landing.bdl_player_boxscores AS b
  WHERE b.game_date >= DATE '2000-01-01' AND b.played
),
counted AS (
  SELECT
    n.source, n.game_date, n.team_abbr, n.player_lookup,
    ARRAY_AGG(n.player_name ORDER BY n.observed_at, n.player_name LIMIT 1)[OFFSET(0)] AS player_name,
    MAX(n.player_id) AS player_id,
    COUNT(*) AS row_count,
    MIN(n.observed_at) AS first_seen_at
  FROM named AS n
  GROUP BY n.source, n.game_date, n.team_abbr, n.player_lookup
),
played AS (
  SELECT DISTINCT g.game_date, g.team_abbr
  FROM nba_landing.nbac_player_boxscores AS g
  WHERE g.game_date >= DATE '2000-01-01'
)
SELECT
  c.source,
  c.game_date,
  c.team_abbr,
  c.player_lookup,
  c.player_name,
  c.row_count,
  c.first_seen_at,
  d.team_abbr IS NOT NULL AS game_played,
  CASE
    WHEN p.player_lookup IS NOT NULL THEN 'registry'
    WHEN c.player_id IS NOT NULL THEN 'stated_id'
    WHEN w.player_lookup IS NOT NULL THEN 'listed_without_games'
  END AS matched_by
FROM counted AS c
LEFT JOIN played AS d ON d.game_date = c.game_date AND d.team_abbr = c.team_abbr
LEFT JOIN nba_raw.players AS p ON p.player_lookup = c.player_lookup AND p.is_primary
LEFT JOIN nba_raw.people_without_games AS w ON w.player_lookup = c.player_lookup AND c.source = 'nbac_injury_report'
