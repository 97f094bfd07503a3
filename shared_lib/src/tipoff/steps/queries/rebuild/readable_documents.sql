-- Which documents each date of the range can read, as one digest for each landing table, from receipts: they say in a
-- few rows what the landing tables say in millions. The last tip-off of a date is the latest that any schedule states.
WITH games AS (
  SELECT
    s.game_date,
    COUNT(*) AS games,
    MAX(COALESCE(s.tipoff_at, TIMESTAMP(DATETIME(s.game_date, TIME '12:00:00'), 'America/New_York'))) AS tipoff_at
  FROM nba_raw.nbac_schedule_history AS s
  WHERE s.game_date BETWEEN @start_date AND @end_date AND s.known_from_at < @as_of AND s.game_id IS NOT NULL
  GROUP BY s.game_date
),
dates AS (
  SELECT
    d AS game_date,
    COALESCE(g.games, 0) AS games,
    COALESCE(g.tipoff_at, @as_of) AS tipoff_at,
    COALESCE(TIMESTAMP_SUB(g.tipoff_at, INTERVAL @lead_minutes MINUTE), @as_of) AS cutoff_at
  FROM UNNEST(GENERATE_DATE_ARRAY(@start_date, @end_date)) AS d
  LEFT JOIN games AS g ON g.game_date = d
),
documents AS (
  SELECT
    t.table_name,
    t.row_count,
    r.observed_at,
    r.committed_at,
    COALESCE(r.first_game_date, DATE '0001-01-01') AS first_game_date,
    COALESCE(r.last_game_date, DATE '9999-12-31') AS last_game_date,
    FARM_FINGERPRINT(CONCAT(r.source_object, '#', CAST(r.source_generation AS STRING), '#', CAST(r.parse_seq AS STRING)))
      AS fingerprint
  FROM nba_ops.object_receipts AS r
  CROSS JOIN UNNEST(r.tables) AS t
  WHERE r.outcome = 'accepted' AND r.observed_at < @as_of
)
SELECT
  d.game_date,
  d.games,
  COALESCE(c.table_name, '') AS table_name,
  COALESCE(SUM(c.row_count), 0) AS row_count,
  MAX(c.committed_at) AS newest_ingested_at,
  COUNTIF(c.last_game_date >= d.game_date) AS documents_of_date,
  COALESCE(BIT_XOR(IF(c.last_game_date >= d.game_date, c.fingerprint, 0)), 0) AS of_date,
  COALESCE(BIT_XOR(IF(c.last_game_date >= d.game_date AND c.observed_at < d.tipoff_at, c.fingerprint, 0)), 0)
    AS of_date_before_tipoff,
  COALESCE(BIT_XOR(IF(c.observed_at < d.cutoff_at, c.fingerprint, 0)), 0) AS before_cutoff
FROM dates AS d
LEFT JOIN documents AS c
  ON c.first_game_date <= d.game_date AND c.last_game_date >= DATE_SUB(d.game_date, INTERVAL 420 DAY)
GROUP BY d.game_date, d.games, table_name
ORDER BY d.game_date, table_name
