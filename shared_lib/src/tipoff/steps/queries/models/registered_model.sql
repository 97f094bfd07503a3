-- The newest event of each registered model whose digest begins with @digest.
SELECT
  m.model_id, m.system_id, m.artefact_uri, m.artefact_digest, m.feature_version, m.feature_names, library_versions,
  m.training_start_date, m.training_cutoff_date, m.training_rows, m.seed, m.metrics_json, m.release,
  m.event, m.event_reason, m.recorded_at
FROM nba_predictions.model_registry AS m
WHERE STARTS_WITH(m.artefact_digest, @digest)
