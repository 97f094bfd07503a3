-- Composed from nba_landing.odds_api_player_props by tipoff.tables.raw_views; change that, not this.
WITH d AS (
  SELECT * FROM nba_landing.odds_api_player_props
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY game_date, odds_api_event_id, snapshot_timestamp ORDER BY observed_at DESC, source_object DESC, source_generation DESC, parse_seq DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY game_date, odds_api_event_id, snapshot_timestamp, observed_at, source_object, source_generation, parse_seq, bookmaker, market_key, player_lookup, player_name, line, offer ORDER BY ingested_at) = 1
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.odds_api_event_id,
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
  d.snapshot_tag,
  d.capture_timestamp,
  d.minutes_before_tipoff,
  d.bookmaker,
  d.bookmaker_title,
  d.bookmaker_last_update,
  d.market_key,
  d.market_last_update,
  d.player_name,
  d.player_lookup,
  d.line,
  d.offer,
  d.over_price_american,
  d.over_price_decimal,
  d.under_price_american,
  d.under_price_decimal,
  d.price_format,
  d.data_source,
  g.nba_game_id AS nba_game_id,
  g.game_id AS platform_game_id,
  g.tipoff_at AS tipoff_at,
  p.player_id AS player_id
FROM d
LEFT JOIN nba_raw.game_date_matches AS g
  ON g.home_team_abbr = d.home_team_abbr AND g.away_team_abbr = d.away_team_abbr AND g.quoted_date = d.game_date
  AND d.observed_at < g.quoted_before
LEFT JOIN nba_raw.players AS p ON p.player_lookup = d.player_lookup AND p.is_primary
