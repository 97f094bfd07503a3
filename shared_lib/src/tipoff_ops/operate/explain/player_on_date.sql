-- One player on one date: his candidacy and its outcome, his games before the date, and the game of his newest team.
WITH played AS (
  SELECT
    COUNT(*) AS games,
    MAX(b.game_date) AS last_date,
    ARRAY_AGG(b.team_abbr ORDER BY b.game_date DESC LIMIT 1)[SAFE_OFFSET(0)] AS team_abbr
  FROM nba_raw.nbac_player_boxscores AS b
  WHERE b.player_lookup = @player_lookup AND b.played
    AND b.game_date BETWEEN DATE_SUB(@game_date, INTERVAL 400 DAY) AND DATE_SUB(@game_date, INTERVAL 1 DAY)
)
SELECT
  (SELECT COUNT(*) FROM nba_analytics.upcoming_player_game_context AS c WHERE c.game_date = @game_date) AS candidates,
  (SELECT COUNT(*) FROM nba_raw.games AS g WHERE g.game_date = @game_date AND NOT g.postponed) AS games_of_date,
  o.team_abbr,
  o.game_id,
  o.slate_status,
  o.state,
  o.reason,
  o.systems,
  x.cutoff_at,
  x.report_at,
  x.player_status,
  x.injury_report,
  x.by_appearance,
  x.by_report,
  x.by_quote,
  p.games AS games_before,
  p.last_date AS last_game_date,
  p.team_abbr AS newest_team_abbr,
  t.game_id AS game_of_newest_team
FROM played AS p
LEFT JOIN nba_predictions.prediction_outcomes AS o
  ON o.game_date = @game_date AND o.player_lookup = @player_lookup
LEFT JOIN nba_analytics.upcoming_player_game_context AS x
  ON x.game_date = @game_date AND x.player_lookup = @player_lookup AND x.game_id = o.game_id
LEFT JOIN nba_raw.games AS t
  ON t.game_date = @game_date AND NOT t.postponed AND p.team_abbr IN (t.home_team_abbr, t.away_team_abbr)
LIMIT 1
