-- Outcomes of the objects received since a UTC date. The reason of an accepted object is that of its receipt. Without
-- one it is derived here from other documents: whether the object repeats an earlier one, and whether its players are
-- known.
WITH repeats AS (
  SELECT
    r.source_object,
    r.source_generation,
    ROW_NUMBER() OVER (
      PARTITION BY r.source, r.content_sha256 ORDER BY r.observed_at, r.received_at, r.source_object
    ) AS occurrence
  FROM nba_ops.object_receipts AS r
  WHERE r.outcome = 'accepted' AND r.rows_out > 0 AND r.content_sha256 IS NOT NULL
),
registry AS (
  SELECT p.player_lookup, ARRAY_AGG(p.player_name ORDER BY p.first_known_at, p.player_id LIMIT 1)[OFFSET(0)] AS known_name
  FROM nba_raw.players AS p
  GROUP BY p.player_lookup
),
quoted AS (
  SELECT
    q.source_object,
    q.source_generation,
    COUNTIF(g.player_lookup IS NULL) AS unresolved,
    COUNTIF(q.player_name != g.known_name) AS respelled
  FROM nba_landing.odds_api_player_props AS q
  LEFT JOIN registry AS g ON g.player_lookup = q.player_lookup
  WHERE q.game_date >= DATE '2000-01-01' AND q.ingested_at >= TIMESTAMP(@since_date)
  GROUP BY q.source_object, q.source_generation
),
errors AS (
  SELECT
    e.source_object,
    e.source_generation,
    ARRAY_AGG(e.message ORDER BY e.level, e.row_index, e.code LIMIT 1)[OFFSET(0)] AS message
  FROM nba_ops.quarantine AS e
  GROUP BY e.source_object, e.source_generation
)
SELECT
  r.source_object,
  r.source_generation,
  r.outcome,
  CASE
    WHEN r.reason IS NOT NULL OR r.outcome != 'accepted' THEN r.reason
    WHEN d.occurrence > 1 THEN 'duplicate_delivery'
    WHEN q.unresolved > 0 THEN 'player_unresolved'
    WHEN q.respelled > 0 THEN 'player_resolved'
  END AS reason,
  r.rows_in,
  r.rows_out,
  r.rows_rejected,
  e.message
FROM nba_ops.object_receipts AS r
LEFT JOIN repeats AS d ON d.source_object = r.source_object AND d.source_generation = r.source_generation
LEFT JOIN quoted AS q ON q.source_object = r.source_object AND q.source_generation = r.source_generation
LEFT JOIN errors AS e ON e.source_object = r.source_object AND e.source_generation = r.source_generation
WHERE r.received_date >= @since_date
