-- A wrong team is no reason: the forecast of a game and player stands whichever team he was put with.
WITH cutoffs AS (
  SELECT s.game_date, s.game_id, MAX(s.cutoff_at) AS cutoff_at
  FROM nba_analytics.slate AS s
  GROUP BY s.game_date, s.game_id
),
known AS (
  SELECT p.player_id, MIN(p.first_known_at) AS first_known_at
  FROM nba_raw.players AS p
  GROUP BY p.player_id
)
SELECT
  h.game_date, h.season_year, h.is_playoffs, h.game_id, h.player_id, h.player_lookup, h.team_abbr, h.points,
  CASE
    WHEN s.slate_status = 'out' THEN 'ruled_out'
    WHEN k.first_known_at IS NULL OR k.first_known_at >= c.cutoff_at THEN 'unknown_person'
    WHEN f.player_id IS NULL THEN 'not_seen_for_two_seasons'
    WHEN f.last_team_abbr != h.team_abbr THEN 'last_with_another_team'
    ELSE 'not_seen_lately'
  END AS reason
FROM nba_analytics.player_game_summary AS h
JOIN cutoffs AS c ON c.game_date = h.game_date AND c.game_id = h.game_id
LEFT JOIN nba_analytics.slate AS s
  ON s.game_date = h.game_date AND s.game_id = h.game_id AND s.player_id = h.player_id
LEFT JOIN nba_analytics.player_recent_form AS f ON f.game_date = h.game_date AND f.player_id = h.player_id
LEFT JOIN known AS k ON k.player_id = h.player_id
WHERE s.slate_status IS NULL OR s.slate_status != 'active'
