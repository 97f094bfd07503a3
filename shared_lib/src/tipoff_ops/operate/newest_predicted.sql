-- The newest date for which a batch of predictions was started.
SELECT MAX(b.game_date) AS game_date
FROM nba_predictions.prediction_batches_log AS b
WHERE b.game_date >= DATE '1946-11-01'
