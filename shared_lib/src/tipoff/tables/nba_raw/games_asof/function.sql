-- A document counts for a game if it was in force at the cutoff that follows from its own tip-off. So a later document
-- changes nothing.
WITH versions AS (
  SELECT
    s.*,
    LEAST(
      as_of,
      TIMESTAMP_SUB(
        COALESCE(s.tipoff_at, TIMESTAMP(DATETIME(s.game_date, TIME '12:00:00'), 'America/New_York')),
        INTERVAL lead_minutes MINUTE
      )
    ) AS cutoff_at,
    DENSE_RANK() OVER (PARTITION BY s.season, s.observed_at, s.source_object, s.source_generation, s.parse_seq,
      s.is_regular_season ORDER BY s.game_date) AS date_number
  FROM nba_raw.nbac_schedule_history AS s
  WHERE s.game_id IS NOT NULL
    AND s.season_type IN ('regular_season', 'playoffs', 'play_in', 'cup_final')
    AND s.known_from_at < s.known_to_at
    AND s.known_from_at < as_of
),
phased AS (
  SELECT
    v.*,
    MAX(v.date_number) OVER (PARTITION BY v.season, v.observed_at, v.source_object, v.source_generation, v.parse_seq,
      v.is_regular_season) AS date_count
  FROM versions AS v
)
SELECT
  p.game_date,
  p.game_id,
  p.nba_game_id,
  p.season,
  p.season_year,
  p.season_type,
  p.is_regular_season,
  p.is_playoffs,
  CASE
    WHEN p.season_type IN ('playoffs', 'play_in') THEN 'playoffs'
    WHEN NOT p.is_regular_season THEN 'mid'
    WHEN 5 * p.date_number <= p.date_count THEN 'early'
    WHEN 5 * p.date_number > 4 * p.date_count THEN 'late'
    ELSE 'mid'
  END AS season_phase,
  p.home_team_abbr,
  p.away_team_abbr,
  p.tipoff_at,
  p.cutoff_at,
  p.known_from_at,
  p.known_from_at < p.cutoff_at AND p.cutoff_at <= p.known_to_at AS known_in_time,
  p.postponed,
  p.series_game_number,
  p.neutral_site_flag AS neutral_site
FROM phased AS p
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY p.nba_game_id, p.game_date
  ORDER BY
    IF(p.known_from_at < p.cutoff_at AND p.cutoff_at <= p.known_to_at, 0, 1),
    p.known_from_at,
    p.source_object
) = 1
