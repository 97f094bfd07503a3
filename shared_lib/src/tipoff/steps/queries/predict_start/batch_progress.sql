-- What a batch must write and what is committed, counted in the tables. Without a name, the newest batch.
SELECT
  b.batch_id,
  b.game_date,
  b.as_of,
  b.started_at,
  b.deadline_at,
  b.games,
  b.expected_players,
  b.expected_rows,
  b.predicted_players,
  b.skipped_players,
  b.committed_rows,
  b.last_written_at
FROM nba_predictions.prediction_batches AS b
WHERE b.game_date BETWEEN @start_date AND @end_date
  AND (@batch_id = '' OR b.batch_id = @batch_id)
ORDER BY b.started_at DESC, b.batch_id DESC
LIMIT 1
