-- The three logs are joined by grouping: a filter on game_date then reaches each of them, where a join would scan them.
WITH entries AS (
  SELECT
    b.game_date, b.batch_id, 'batch' AS kind, CAST(NULL AS STRING) AS game_id, CAST(NULL AS STRING) AS person,
    CAST(NULL AS STRING) AS answer, CAST(NULL AS TIMESTAMP) AS created_at,
    STRUCT(
      b.as_of AS as_of, b.lead_minutes AS lead_minutes, b.started_at AS started_at, b.games AS games,
      b.expected_players AS expected_players, b.expected_rows AS expected_rows, b.system_ids AS system_ids,
      b.requests AS requests, b.trigger AS trigger, b.workflow_execution AS workflow_execution, b.release AS release,
      b.game_ids AS game_ids, b.deadline_at AS deadline_at
    ) AS batch
  FROM nba_predictions.prediction_batches_log AS b
  UNION ALL
  SELECT
    p.game_date, p.batch_id, 'prediction', p.game_id, CAST(p.player_id AS STRING),
    TO_JSON_STRING(STRUCT(p.nba_game_id, p.market, p.system_id, p.cutoff_at)), p.created_at, NULL
  FROM nba_predictions.player_prop_predictions_log AS p
  UNION ALL
  SELECT
    s.game_date, s.batch_id, 'skip', s.game_id, COALESCE(CAST(s.player_id AS STRING), s.player_lookup), NULL,
    s.created_at, NULL
  FROM nba_predictions.prediction_skips_log AS s
),
people AS (
  SELECT
    e.game_date,
    e.batch_id,
    e.game_id,
    e.person,
    LOGICAL_OR(e.kind = 'batch') AS is_batch,
    LOGICAL_OR(e.kind = 'prediction') AS is_predicted,
    COUNT(DISTINCT e.answer) AS answers,
    MAX(e.created_at) AS last_written_at,
    ARRAY_AGG(e.batch ORDER BY e.batch.started_at DESC, e.batch.release DESC LIMIT 1)[OFFSET(0)] AS batch
  FROM entries AS e
  GROUP BY e.game_date, e.batch_id, e.game_id, e.person
),
batches AS (
  SELECT
    p.game_date,
    p.batch_id,
    ARRAY_AGG(p.batch ORDER BY p.is_batch DESC LIMIT 1)[OFFSET(0)] AS batch,
    LOGICAL_OR(p.is_batch) AS is_known,
    COUNTIF(p.is_predicted) AS predicted_players,
    COUNTIF(NOT p.is_predicted AND NOT p.is_batch) AS skipped_players,
    COUNTIF(NOT p.is_batch) AS committed_players,
    SUM(p.answers) AS committed_rows,
    MAX(p.last_written_at) AS last_written_at
  FROM people AS p
  GROUP BY p.game_date, p.batch_id
)
SELECT
  b.batch_id,
  b.game_date,
  b.batch.as_of AS as_of,
  b.batch.lead_minutes AS lead_minutes,
  b.batch.started_at AS started_at,
  b.batch.games AS games,
  b.batch.expected_players AS expected_players,
  b.batch.expected_rows AS expected_rows,
  b.batch.system_ids AS system_ids,
  b.batch.requests AS requests,
  b.batch.trigger AS trigger,
  b.batch.workflow_execution AS workflow_execution,
  b.batch.release AS release,
  b.batch.game_ids AS game_ids,
  b.batch.deadline_at AS deadline_at,
  b.predicted_players,
  b.skipped_players,
  b.committed_players,
  b.committed_rows,
  b.committed_players >= b.batch.expected_players AS is_complete,
  b.last_written_at
FROM batches AS b
WHERE b.is_known
