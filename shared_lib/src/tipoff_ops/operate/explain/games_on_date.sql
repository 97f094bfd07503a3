-- The games of a date by the newest schedule, with counts of candidates and grades, and the final score.
WITH slate AS (
  SELECT o.game_id, COUNT(*) AS candidates, COUNTIF(o.state = 'predicted') AS predicted,
    COUNTIF(o.state = 'skipped') AS skipped, COUNTIF(o.state = 'missing') AS missing
  FROM nba_predictions.prediction_outcomes AS o
  WHERE o.game_date = @game_date
  GROUP BY o.game_id
),
grades AS (
  SELECT a.game_id, COUNT(*) AS graded, COUNTIF(a.is_voided) AS voided
  FROM nba_predictions.prediction_accuracy AS a
  WHERE a.game_date = @game_date
  GROUP BY a.game_id
),
scores AS (
  SELECT b.nba_game_id, b.team_abbr, SUM(b.points) AS pts
  FROM nba_raw.nbac_player_boxscores AS b
  WHERE b.game_date = @game_date
  GROUP BY b.nba_game_id, b.team_abbr
)
SELECT
  g.game_id, g.nba_game_id, g.game_date, g.home_team_abbr, g.away_team_abbr, g.tipoff_at, g.postponed,
  COALESCE(s.candidates, 0) AS candidates, COALESCE(s.predicted, 0) AS predicted,
  COALESCE(s.skipped, 0) AS skipped, COALESCE(s.missing, 0) AS missing,
  COALESCE(a.graded, 0) AS graded, COALESCE(a.voided, 0) AS voided,
  h.pts AS home_pts, v.pts AS away_pts
FROM nba_raw.games AS g
LEFT JOIN slate AS s ON s.game_id = g.game_id
LEFT JOIN grades AS a ON a.game_id = g.game_id
LEFT JOIN scores AS h ON h.nba_game_id = g.nba_game_id AND h.team_abbr = g.home_team_abbr
LEFT JOIN scores AS v ON v.nba_game_id = g.nba_game_id AND v.team_abbr = g.away_team_abbr
WHERE g.game_date = @game_date
ORDER BY g.tipoff_at, g.game_id
