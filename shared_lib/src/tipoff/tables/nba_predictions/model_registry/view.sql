WITH events AS (
  SELECT
    *,
    MIN(recorded_at) OVER (PARTITION BY model_id) AS registered_at,
    ROW_NUMBER() OVER (PARTITION BY model_id ORDER BY recorded_at DESC, event DESC) AS newest_number
  FROM nba_predictions.model_registry_log
),
models AS (
  SELECT * EXCEPT (newest_number) FROM events WHERE newest_number = 1
)
SELECT
  m.*,
  m.event = 'promoted' AND ROW_NUMBER() OVER (
    PARTITION BY m.system_id ORDER BY IF(m.event = 'promoted', 0, 1), m.recorded_at DESC, m.model_id
  ) = 1 AS is_active
FROM models AS m
