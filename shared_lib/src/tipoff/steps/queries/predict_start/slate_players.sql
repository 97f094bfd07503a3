-- The candidates of the games of a date, and whether the feature store has a row for each. Players who were predicted for
-- one of these games and are no longer candidates are listed too: they were traded, or the slate was corrected.
WITH candidates AS (
  SELECT
    c.game_id,
    c.nba_game_id,
    c.player_id,
    c.player_lookup,
    c.team_abbr,
    c.slate_status,
    c.cutoff_at
  FROM nba_analytics.upcoming_player_game_context AS c
  WHERE c.game_date = @game_date
),
games AS (
  SELECT c.game_id, c.nba_game_id, MAX(c.cutoff_at) AS cutoff_at
  FROM candidates AS c
  GROUP BY c.game_id, c.nba_game_id
),
everybody AS (
  SELECT * FROM candidates
  UNION ALL
  SELECT
    g.game_id, g.nba_game_id, p.player_id, MAX(p.player_lookup) AS player_lookup, MAX(p.team_abbr) AS team_abbr,
    'gone' AS slate_status, MAX(g.cutoff_at) AS cutoff_at
  FROM games AS g
  JOIN nba_predictions.player_prop_predictions_log AS p ON p.nba_game_id = g.nba_game_id
  LEFT JOIN candidates AS c ON c.nba_game_id = p.nba_game_id AND c.player_id = p.player_id
  WHERE p.game_date = @game_date AND c.player_id IS NULL
  GROUP BY g.game_id, g.nba_game_id, p.player_id
)
SELECT
  e.*,
  f.player_id IS NOT NULL AS has_features
FROM everybody AS e
LEFT JOIN nba_predictions.ml_feature_store_v2 AS f
  ON f.game_date = @game_date AND f.nba_game_id = e.nba_game_id AND f.player_id = e.player_id
ORDER BY e.nba_game_id, e.player_id
