-- The active model of a date: the last one activated, as known at the instant, whose training ended before the date.
SELECT
  m.model_id,
  m.artefact_uri,
  m.artefact_digest
FROM nba_predictions.model_registry_log AS m
WHERE m.event = 'activated'
  AND m.training_cutoff_date < @game_date
  AND m.recorded_at < @as_of
ORDER BY m.recorded_at DESC, m.model_id DESC
LIMIT 1
