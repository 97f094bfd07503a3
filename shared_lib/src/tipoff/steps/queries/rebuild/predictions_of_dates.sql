-- Which predictions stand for each date of the range, as one digest.
SELECT
  p.game_date,
  COUNT(*) AS row_count,
  MAX(p.created_at) AS newest_ingested_at,
  BIT_XOR(FARM_FINGERPRINT(CONCAT(p.batch_id, '#', p.nba_game_id, '#', CAST(p.player_id AS STRING), '#', p.market, '#',
    p.system_id, '#', CAST(p.cutoff_at AS STRING), '#', CAST(p.created_at AS STRING)))) AS of_date
FROM nba_predictions.player_prop_predictions_log AS p
WHERE p.game_date BETWEEN @start_date AND @end_date AND p.created_at < @as_of
GROUP BY p.game_date
ORDER BY p.game_date
