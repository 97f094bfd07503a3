-- Every registered model, newest first; one is active, and each of the others can be activated.
SELECT
  m.model_id, m.artefact_digest, m.is_active, m.event, m.event_reason, m.recorded_at, m.registered_at,
  m.training_start_date, m.training_cutoff_date, m.training_rows, library_versions, m.metrics_json
FROM nba_predictions.model_registry AS m
ORDER BY m.registered_at DESC, m.model_id DESC
