-- Composed from nba_landing.odds_api_game_lines by tipoff.tables.raw_views; change that, not this.
WITH d AS (
  SELECT * FROM nba_landing.odds_api_game_lines
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY game_date, game_id, snapshot_timestamp ORDER BY observed_at DESC, source_object DESC, source_generation DESC, parse_seq DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY game_date, game_id, snapshot_timestamp, observed_at, source_object, source_generation, parse_seq, bookmaker_key, market_key, outcome_name, outcome_point ORDER BY ingested_at) = 1
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.snapshot_timestamp,
  d.previous_snapshot_timestamp,
  d.next_snapshot_timestamp,
  d.game_id,
  d.sport_key,
  d.sport_title,
  d.commence_time,
  d.game_date,
  d.home_team,
  d.away_team,
  d.home_team_abbr,
  d.away_team_abbr,
  d.minutes_before_tipoff,
  d.bookmaker_key,
  d.bookmaker_title,
  d.bookmaker_last_update,
  d.market_key,
  d.market_last_update,
  d.outcome_name,
  d.outcome_team_abbr,
  d.price_american,
  d.price_decimal,
  d.outcome_point,
  d.price_format,
  d.data_source,
  g.nba_game_id AS nba_game_id,
  g.game_id AS platform_game_id,
  g.tipoff_at AS tipoff_at,
  d.price_decimal AS outcome_price
FROM d
LEFT JOIN nba_raw.game_date_matches AS g
  ON g.home_team_abbr = d.home_team_abbr AND g.away_team_abbr = d.away_team_abbr AND g.quoted_date = d.game_date
  AND d.observed_at < g.quoted_before
