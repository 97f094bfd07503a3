-- The log is appended at least once: one row per key, the last one written. What is active follows from the cutoffs.
WITH predictions AS (
  SELECT *
  FROM nba_predictions.player_prop_predictions_log
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY game_date, nba_game_id, player_id, market, system_id, cutoff_at
    ORDER BY created_at DESC, prediction_id
  ) = 1
),
timed AS (
  SELECT p.*, g.tipoff_at
  FROM predictions AS p
  LEFT JOIN nba_raw.games AS g ON g.nba_game_id = p.nba_game_id AND g.game_date = p.game_date
)
SELECT
  t.* EXCEPT (tipoff_at),
  CONCAT(t.player_lookup, '_001') AS universal_player_id,
  t.tipoff_at,
  COALESCE(t.cutoff_at < t.tipoff_at, FALSE) AND ROW_NUMBER() OVER newest_first = 1 AS is_active,
  IF(t.cutoff_at < t.tipoff_at, LAG(t.prediction_id) OVER newest_first, NULL) AS superseded_by
FROM timed AS t
WINDOW newest_first AS (
  PARTITION BY t.game_date, t.nba_game_id, t.player_id, t.market, t.system_id, COALESCE(t.cutoff_at < t.tipoff_at, FALSE)
  ORDER BY t.cutoff_at DESC
)
