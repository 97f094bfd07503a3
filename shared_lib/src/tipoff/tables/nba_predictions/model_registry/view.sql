WITH events AS (
  SELECT
    l.model_id, l.system_id, l.artefact_uri, l.artefact_digest, l.feature_version, l.feature_names, library_versions,
    l.training_start_date, l.training_cutoff_date, l.training_rows, l.seed, l.metrics_json, l.release,
    l.event, l.event_reason, l.recorded_at,
    MIN(l.recorded_at) OVER (PARTITION BY l.model_id) AS registered_at,
    MAX(IF(l.event = 'activated', l.recorded_at, NULL)) OVER (PARTITION BY l.model_id) AS activated_at,
    ROW_NUMBER() OVER (PARTITION BY l.model_id ORDER BY l.recorded_at DESC, l.event) AS newest_number
  FROM nba_predictions.model_registry_log AS l
),
models AS (
  SELECT * EXCEPT (newest_number) FROM events WHERE newest_number = 1
)
SELECT
  m.* EXCEPT (activated_at),
  m.activated_at IS NOT NULL AND ROW_NUMBER() OVER (
    PARTITION BY m.system_id ORDER BY m.activated_at DESC, m.model_id DESC
  ) = 1 AS is_active
FROM models AS m
