-- One player on one date: the number of known players of that name, the candidacy and the outcome.
SELECT
  (SELECT COUNT(*) FROM nba_raw.players AS p WHERE p.player_lookup = @player_lookup) AS known_players,
  (SELECT COUNT(*) FROM nba_analytics.upcoming_player_game_context AS c WHERE c.game_date = @game_date) AS candidates,
  o.team_abbr,
  o.game_id,
  o.slate_status,
  o.state,
  o.reason,
  o.systems,
  x.cutoff_at,
  x.by_appearance,
  x.by_report,
  x.by_quote
FROM UNNEST([@player_lookup]) AS wanted
LEFT JOIN nba_predictions.prediction_outcomes AS o ON o.game_date = @game_date AND o.player_lookup = wanted
LEFT JOIN nba_analytics.upcoming_player_game_context AS x
  ON x.game_date = @game_date AND x.player_lookup = wanted AND x.game_id = o.game_id
