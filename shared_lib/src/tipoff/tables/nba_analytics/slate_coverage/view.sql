SELECT
  d.game_date, d.season_year, d.is_playoffs, d.appeared, d.on_slate, d.active, d.out_but_played,
  SAFE_DIVIDE(d.active, d.appeared) AS coverage,
  s.slate_players, s.slate_players - d.active AS did_not_play
FROM (
  SELECT
    h.game_date, h.season_year, h.is_playoffs, COUNT(*) AS appeared,
    COUNTIF(c.player_id IS NOT NULL) AS on_slate,
    COUNTIF(c.slate_status = 'active') AS active,
    COUNTIF(c.slate_status = 'out') AS out_but_played
  FROM nba_analytics.player_game_summary AS h
  LEFT JOIN nba_analytics.slate AS c
    ON c.game_date = h.game_date AND c.game_id = h.game_id AND c.player_id = h.player_id AND c.team_abbr = h.team_abbr
  GROUP BY h.game_date, h.season_year, h.is_playoffs
) AS d
JOIN (
  SELECT b.game_date, t.is_playoffs, COUNTIF(b.slate_status = 'active') AS slate_players
  FROM nba_analytics.slate AS b
  JOIN nba_analytics.upcoming_team_game_context AS t
    ON t.game_date = b.game_date AND t.game_id = b.game_id AND t.home_game
  GROUP BY b.game_date, t.is_playoffs
) AS s ON s.game_date = d.game_date AND s.is_playoffs = d.is_playoffs
