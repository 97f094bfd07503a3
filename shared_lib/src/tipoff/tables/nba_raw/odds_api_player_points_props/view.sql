-- Composed by tipoff.tables.points_views; change that, not this.
WITH q AS (
  SELECT
    p.*,
    SAFE_DIVIDE(p.under_price_decimal, p.over_price_decimal + p.under_price_decimal) AS fair_prob_over
  FROM nba_raw.odds_api_player_props AS p
  WHERE p.market_key = 'player_points' AND p.line IS NOT NULL
)
SELECT
  q.source_object,
  q.source_generation,
  q.parse_seq,
  q.observed_at,
  q.ingested_at,
  q.odds_api_event_id,
  q.game_date,
  q.commence_time AS game_start_time,
  q.home_team_abbr,
  q.away_team_abbr,
  q.snapshot_timestamp,
  q.snapshot_tag,
  q.capture_timestamp,
  q.minutes_before_tipoff,
  q.bookmaker,
  q.bookmaker_title,
  q.bookmaker_last_update,
  q.market_key,
  q.market_last_update,
  q.player_name,
  q.player_lookup,
  q.line AS points_line,
  q.offer,
  q.over_price_american,
  q.over_price_decimal,
  q.under_price_american,
  q.under_price_decimal,
  q.price_format,
  q.data_source,
  q.nba_game_id,
  q.platform_game_id,
  q.tipoff_at,
  q.player_id,
  q.platform_game_id AS game_id,
  q.over_price_decimal AS over_price,
  q.under_price_decimal AS under_price,
  q.fair_prob_over AS fair_prob_over,
  q.fair_prob_over IS NOT NULL AND ROW_NUMBER() OVER ladder = 1 AS is_main
FROM q
WINDOW ladder AS (
  PARTITION BY q.game_date, q.odds_api_event_id, q.snapshot_timestamp, q.source_object, q.source_generation,
    q.parse_seq, q.bookmaker, q.player_lookup
  ORDER BY
    IF(q.fair_prob_over IS NULL, 1, 0),
    ROUND(ABS(q.fair_prob_over - 0.5), 9),
    ROUND(1 / q.over_price_decimal + 1 / q.under_price_decimal, 9),
    q.line,
    q.offer
)
