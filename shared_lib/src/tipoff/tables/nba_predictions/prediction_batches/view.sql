WITH batches AS (
  SELECT *
  FROM nba_predictions.prediction_batches_log
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY batch_id ORDER BY started_at DESC, release DESC) = 1
),
answers AS (
  SELECT
    p.game_date,
    p.batch_id,
    p.game_id,
    CAST(p.player_id AS STRING) AS person,
    TRUE AS is_prediction,
    TO_JSON_STRING(STRUCT(p.nba_game_id, p.market, p.system_id, p.cutoff_at)) AS answer,
    p.created_at
  FROM nba_predictions.player_prop_predictions_log AS p
  UNION ALL
  SELECT
    s.game_date, s.batch_id, s.game_id, COALESCE(CAST(s.player_id AS STRING), s.player_lookup), FALSE, NULL, s.created_at
  FROM nba_predictions.prediction_skips_log AS s
),
players AS (
  SELECT
    a.game_date,
    a.batch_id,
    a.game_id,
    a.person,
    LOGICAL_OR(a.is_prediction) AS is_predicted,
    COUNT(DISTINCT a.answer) AS answers,
    MAX(a.created_at) AS last_written_at
  FROM answers AS a
  GROUP BY 1, 2, 3, 4
),
counts AS (
  SELECT
    p.game_date,
    p.batch_id,
    COUNTIF(p.is_predicted) AS predicted_players,
    COUNTIF(NOT p.is_predicted) AS skipped_players,
    COUNT(*) AS committed_players,
    SUM(p.answers) AS committed_rows,
    MAX(p.last_written_at) AS last_written_at
  FROM players AS p
  GROUP BY 1, 2
)
SELECT
  b.*,
  COALESCE(c.predicted_players, 0) AS predicted_players,
  COALESCE(c.skipped_players, 0) AS skipped_players,
  COALESCE(c.committed_players, 0) AS committed_players,
  COALESCE(c.committed_rows, 0) AS committed_rows,
  COALESCE(c.committed_players, 0) >= b.expected_players AS is_complete,
  c.last_written_at
FROM batches AS b
LEFT JOIN counts AS c ON c.game_date = b.game_date AND c.batch_id = b.batch_id
