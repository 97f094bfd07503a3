-- How many games of each date each output of Tipoff covers, counted in the tables. The step adds the sources.
WITH covered AS (
  SELECT 'upcoming_player_game_context' AS output, c.game_date, c.nba_game_id
  FROM nba_analytics.upcoming_player_game_context AS c WHERE c.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'player_composite_factors', f.game_date, f.nba_game_id
  FROM nba_precompute.player_composite_factors AS f WHERE f.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'ml_feature_store_v2', m.game_date, m.nba_game_id
  FROM nba_predictions.ml_feature_store_v2 AS m WHERE m.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'player_prop_predictions', e.game_date, e.nba_game_id
  FROM nba_predictions.prediction_outcomes AS e WHERE e.game_date BETWEEN @start_date AND @end_date
  GROUP BY e.game_date, e.nba_game_id
  HAVING COUNTIF(e.state = 'missing') = 0 AND COUNTIF(e.state = 'predicted') > 0
  UNION ALL
  SELECT 'player_game_summary', s.game_date, s.nba_game_id
  FROM nba_analytics.player_game_summary AS s WHERE s.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'team_offense_game_summary', o.game_date, o.nba_game_id
  FROM nba_analytics.team_offense_game_summary AS o WHERE o.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'team_defense_game_summary', t.game_date, t.nba_game_id
  FROM nba_analytics.team_defense_game_summary AS t WHERE t.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  -- A grade counts if it was made from the newest box score of its game.
  SELECT 'prediction_accuracy', a.game_date, a.nba_game_id
  FROM nba_predictions.prediction_accuracy AS a
  LEFT JOIN (
    SELECT b.nba_game_id, MIN(b.observed_at) AS observed_at
    FROM nba_raw.nbac_team_boxscore AS b
    WHERE b.game_date BETWEEN @start_date AND @end_date
    GROUP BY b.nba_game_id
  ) AS x ON x.nba_game_id = a.nba_game_id
  WHERE a.game_date BETWEEN @start_date AND @end_date
  GROUP BY a.game_date, a.nba_game_id
  HAVING COALESCE(MIN(a.box_known_from_at) >= MIN(x.observed_at), TRUE)
)
SELECT c.output, c.game_date, COUNT(DISTINCT c.nba_game_id) AS games
FROM covered AS c
GROUP BY c.output, c.game_date
ORDER BY c.game_date, c.output
