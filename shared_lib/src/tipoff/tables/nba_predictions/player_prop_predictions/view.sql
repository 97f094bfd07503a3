-- The log can hold a row more than once, and rows of several batches for one key. The batch that began last counts for each
-- key, so that a request of an older batch that is delivered again replaces nothing. A prediction is active until a newer
-- skip of the player, or a newer forecast of the player without that system.
WITH logged AS (
  SELECT *, MIN(created_at) OVER (PARTITION BY game_date, batch_id) AS batch_began_at
  FROM nba_predictions.player_prop_predictions_log
),
predictions AS (
  SELECT * EXCEPT (batch_began_at)
  FROM logged
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY game_date, nba_game_id, player_id, market, system_id, cutoff_at
    ORDER BY batch_began_at DESC, created_at DESC, prediction_id
  ) = 1
),
skips AS (
  SELECT s.game_date, g.nba_game_id, s.player_id, s.reason, s.cutoff_at, s.created_at
  FROM nba_predictions.prediction_skips_log AS s
  JOIN nba_raw.games AS g ON g.game_id = s.game_id AND g.game_date = s.game_date
  WHERE s.player_id IS NOT NULL AND s.cutoff_at < g.tipoff_at
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY s.game_date, s.game_id, s.player_id ORDER BY s.cutoff_at DESC, s.created_at DESC, s.reason
  ) = 1
),
timed AS (
  SELECT
    p.*,
    g.tipoff_at,
    COALESCE(p.cutoff_at < g.tipoff_at AND NOT g.postponed, FALSE) AS in_time,
    IF(s.cutoff_at > p.cutoff_at OR (s.cutoff_at = p.cutoff_at AND s.created_at > p.created_at), s.reason, NULL)
      AS skipped_later
  FROM predictions AS p
  LEFT JOIN nba_raw.games AS g ON g.nba_game_id = p.nba_game_id AND g.game_date = p.game_date
  LEFT JOIN skips AS s
    ON s.game_date = p.game_date AND s.nba_game_id = p.nba_game_id AND s.player_id = p.player_id
)
SELECT
  t.* EXCEPT (tipoff_at, in_time, skipped_later),
  CONCAT(t.player_lookup, '_001') AS universal_player_id,
  t.tipoff_at,
  t.in_time AND t.skipped_later IS NULL AND RANK() OVER newest_of_the_player = 1 AS is_active,
  IF(t.in_time, LAG(t.prediction_id) OVER newest_of_the_system, NULL) AS superseded_by,
  t.skipped_later
FROM timed AS t
WINDOW
  newest_of_the_player AS (
    PARTITION BY t.game_date, t.nba_game_id, t.player_id, t.market, t.in_time ORDER BY t.cutoff_at DESC
  ),
  newest_of_the_system AS (
    PARTITION BY t.game_date, t.nba_game_id, t.player_id, t.market, t.system_id, t.in_time ORDER BY t.cutoff_at DESC
  )
