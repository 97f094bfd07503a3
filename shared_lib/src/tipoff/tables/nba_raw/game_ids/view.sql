WITH odds AS (
  SELECT m.nba_game_id, ARRAY_AGG(DISTINCT e.event_id ORDER BY e.event_id) AS event_ids
  FROM (
    SELECT o.odds_api_event_id AS event_id, o.home_team_abbr, o.away_team_abbr, o.game_date
    FROM nba_landing.odds_api_events AS o
    WHERE o.game_date >= DATE '2000-01-01'
    UNION DISTINCT
    SELECT l.game_id, l.home_team_abbr, l.away_team_abbr, l.game_date
    FROM nba_landing.odds_api_game_lines AS l
    WHERE l.game_date >= DATE '2000-01-01'
    UNION DISTINCT
    SELECT p.odds_api_event_id, p.home_team_abbr, p.away_team_abbr, p.game_date
    FROM nba_landing.odds_api_player_props AS p
    WHERE p.game_date >= DATE '2000-01-01'
  ) AS e
  JOIN nba_raw.game_date_matches AS m
    ON m.home_team_abbr = e.home_team_abbr AND m.away_team_abbr = e.away_team_abbr AND m.quoted_date = e.game_date
    AND m.game_date >= e.game_date
  GROUP BY 1
),
bdl AS (
  SELECT m.nba_game_id, ARRAY_AGG(DISTINCT b.bdl_game_id ORDER BY b.bdl_game_id) AS game_ids
  FROM nba_landing.bdl_player_boxscores AS b
  JOIN nba_raw.game_date_matches AS m
    ON m.home_team_abbr = b.team_abbr AND m.away_team_abbr = b.opponent_team_abbr AND m.quoted_date = b.game_date
  WHERE b.game_date >= DATE '2000-01-01' AND b.is_home AND b.bdl_game_id IS NOT NULL
  GROUP BY 1
)
SELECT
  g.nba_game_id,
  g.game_id,
  g.game_date,
  g.season_year,
  g.home_team_abbr,
  g.away_team_abbr,
  o.event_ids AS odds_api_event_ids,
  b.game_ids AS bdl_game_ids
FROM nba_raw.games AS g
LEFT JOIN odds AS o ON o.nba_game_id = g.nba_game_id
LEFT JOIN bdl AS b ON b.nba_game_id = g.nba_game_id
