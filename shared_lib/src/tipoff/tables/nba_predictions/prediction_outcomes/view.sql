WITH predicted AS (
  SELECT
    p.game_date, p.nba_game_id, p.player_id, COUNT(DISTINCT p.system_id) AS systems,
    ARRAY_AGG(
      STRUCT(p.cutoff_at AS cutoff_at, p.created_at AS created_at) ORDER BY p.cutoff_at DESC, p.created_at DESC LIMIT 1
    )[OFFSET(0)] AS newest
  FROM nba_predictions.player_prop_predictions_log AS p
  GROUP BY 1, 2, 3
),
skipped AS (
  SELECT
    s.game_date,
    s.game_id,
    COALESCE(CAST(s.player_id AS STRING), s.player_lookup) AS person,
    ARRAY_AGG(
      STRUCT(s.reason AS reason, s.cutoff_at AS cutoff_at, s.created_at AS created_at)
      ORDER BY s.cutoff_at DESC, s.created_at DESC, s.reason LIMIT 1
    )[OFFSET(0)] AS newest
  FROM nba_predictions.prediction_skips_log AS s
  GROUP BY 1, 2, 3
),
-- The newest result before tip-off counts: a player who is predicted and later ruled out is `ruled_out`.
ended AS (
  SELECT
    c.game_date,
    c.game_id,
    c.nba_game_id,
    c.player_id,
    c.player_lookup,
    c.team_abbr,
    c.slate_status,
    IF(
      s.newest.cutoff_at > p.newest.cutoff_at
        OR (s.newest.cutoff_at = p.newest.cutoff_at AND s.newest.created_at > p.newest.created_at),
      0, COALESCE(p.systems, 0)
    ) AS systems,
    s.newest.reason AS reason
  FROM nba_analytics.upcoming_player_game_context AS c
  LEFT JOIN predicted AS p ON p.game_date = c.game_date AND p.nba_game_id = c.nba_game_id AND p.player_id = c.player_id
  LEFT JOIN skipped AS s ON s.game_date = c.game_date AND s.game_id = c.game_id
    AND s.person = COALESCE(CAST(c.player_id AS STRING), c.player_lookup)
)
SELECT
  e.game_date,
  e.game_id,
  e.nba_game_id,
  e.player_id,
  e.player_lookup,
  e.team_abbr,
  e.slate_status,
  CASE
    WHEN e.systems > 0 THEN 'predicted'
    WHEN e.reason IS NOT NULL OR e.slate_status = 'out' THEN 'skipped'
    ELSE 'missing'
  END AS state,
  IF(e.systems > 0, NULL, COALESCE(e.reason, IF(e.slate_status = 'out', 'ruled_out', NULL))) AS reason,
  e.systems
FROM ended AS e
