-- Composed from nba_landing.odds_api_events by tipoff.tables.raw_views; change that, not this.
WITH numbered AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY game_date, requested_date ORDER BY observed_at, source_object, source_generation, parse_seq) AS document_number
  FROM nba_landing.odds_api_events
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, requested_date, observed_at, source_object, source_generation, parse_seq, odds_api_event_id ORDER BY ingested_at) = 1
),
d AS (
  SELECT *, MIN(observed_at) OVER (PARTITION BY game_date, requested_date ORDER BY document_number RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_observed_at FROM numbered
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.odds_api_event_id,
  d.requested_date,
  d.snapshot_timestamp,
  d.previous_snapshot_timestamp,
  d.next_snapshot_timestamp,
  d.sport_key,
  d.sport_title,
  d.commence_time,
  d.game_date,
  d.home_team,
  d.away_team,
  d.home_team_abbr,
  d.away_team_abbr,
  d.data_source,
  g.nba_game_id AS nba_game_id,
  g.game_id AS platform_game_id,
  g.tipoff_at AS tipoff_at,
  d.observed_at AS known_from_at,
  COALESCE(d.next_observed_at, TIMESTAMP '9999-12-31 00:00:00+00') AS known_to_at
FROM d
LEFT JOIN nba_raw.game_date_matches AS g
  ON g.home_team_abbr = d.home_team_abbr AND g.away_team_abbr = d.away_team_abbr AND g.quoted_date = d.game_date
  AND d.observed_at < g.quoted_before
