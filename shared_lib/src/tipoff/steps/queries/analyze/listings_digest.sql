-- A digest of the injury listings for the games of a date that have not started. It changes when a status changes.
WITH ahead AS (
  SELECT g.home_team_abbr, g.away_team_abbr
  FROM nba_raw.games AS g
  WHERE g.game_date = @game_date AND g.tipoff_at > @as_of
),
listed AS (
  SELECT r.team_abbr, r.player_lookup, r.injury_status
  FROM nba_raw.nbac_injury_report AS r
  JOIN ahead AS a ON r.team_abbr IN (a.home_team_abbr, a.away_team_abbr)
  WHERE r.game_date = @game_date AND r.row_kind = 'listing'
)
SELECT
  (SELECT COUNT(*) FROM ahead) AS games_ahead,
  TO_HEX(SHA256(IFNULL(STRING_AGG(CONCAT(l.team_abbr, ':', l.player_lookup, ':', l.injury_status), ';'
    ORDER BY l.team_abbr, l.player_lookup, l.injury_status), ''))) AS digest,
  IFNULL(STRING_AGG(DISTINCT l.team_abbr, ',' ORDER BY l.team_abbr), '') AS team_abbrs
FROM listed AS l
