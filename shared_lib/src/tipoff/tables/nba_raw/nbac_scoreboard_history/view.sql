-- Composed from nba_landing.nbac_scoreboard by tipoff.tables.raw_views; change that, not this.
WITH numbered AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY game_date, nba_game_id ORDER BY observed_at, source_object, source_generation, parse_seq) AS document_number
  FROM nba_landing.nbac_scoreboard
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, nba_game_id, observed_at, source_object, source_generation, parse_seq ORDER BY ingested_at) = 1
),
d AS (
  SELECT *, MIN(observed_at) OVER (PARTITION BY game_date, nba_game_id ORDER BY document_number RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_observed_at FROM numbered
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.nba_game_id,
  d.game_date,
  d.game_id,
  d.season_year,
  d.season_type,
  d.game_code,
  d.game_status,
  d.game_status_text,
  d.period,
  d.game_clock,
  d.tipoff_at,
  d.home_team_id,
  d.home_team_tricode,
  d.home_team_score,
  d.home_team_wins,
  d.home_team_losses,
  d.away_team_id,
  d.away_team_tricode,
  d.away_team_score,
  d.away_team_wins,
  d.away_team_losses,
  d.observed_at AS known_from_at,
  COALESCE(d.next_observed_at, TIMESTAMP '9999-12-31 00:00:00+00') AS known_to_at
FROM d
