WITH told AS (
  SELECT
    c.source,
    c.host,
    c.game_date AS last_game_date,
    c.outcome AS last_outcome,
    c.message AS last_message,
    c.ended_at AS last_run_at,
    MAX(IF(c.outcome = 'ok', c.ended_at, NULL)) OVER (PARTITION BY c.source) AS last_ok_at,
    FIRST_VALUE(c.circuit_open_until) OVER (PARTITION BY c.host ORDER BY c.ended_at DESC, c.run_id) AS circuit_open_until,
    FIRST_VALUE(c.credits_left) OVER (
      PARTITION BY c.host ORDER BY IF(c.credits_left IS NULL, 1, 0), c.ended_at DESC, c.run_id
    ) AS credits_left,
    ROW_NUMBER() OVER (PARTITION BY c.source ORDER BY c.ended_at DESC, c.run_id) AS place
  FROM nba_ops.collections AS c
)
SELECT
  t.source,
  t.host,
  t.last_game_date,
  t.last_outcome,
  t.last_message,
  t.last_run_at,
  t.last_ok_at,
  t.circuit_open_until,
  t.credits_left
FROM told AS t
WHERE t.place = 1
