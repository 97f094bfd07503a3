-- What was said of each date of the range, predictions and skips, as one digest. A row that was appended twice counts once:
-- its two fingerprints would cancel each other.
WITH said AS (
  SELECT
    p.game_date,
    p.created_at,
    CONCAT(p.batch_id, '#', p.nba_game_id, '#', CAST(p.player_id AS STRING), '#', p.market, '#', p.system_id, '#',
      CAST(p.cutoff_at AS STRING), '#', CAST(p.created_at AS STRING)) AS entry
  FROM nba_predictions.player_prop_predictions_log AS p
  WHERE p.game_date BETWEEN @start_date AND @end_date
  UNION DISTINCT
  SELECT
    s.game_date,
    s.created_at,
    CONCAT(s.batch_id, '#', s.game_id, '#', s.player_lookup, '#', s.reason, '#', CAST(s.cutoff_at AS STRING), '#',
      CAST(s.created_at AS STRING))
  FROM nba_predictions.prediction_skips_log AS s
  WHERE s.game_date BETWEEN @start_date AND @end_date
)
SELECT
  a.game_date,
  COUNT(*) AS row_count,
  MAX(a.created_at) AS newest_ingested_at,
  BIT_XOR(FARM_FINGERPRINT(a.entry)) AS of_date
FROM said AS a
GROUP BY a.game_date
ORDER BY a.game_date
