WITH quotes AS (
  SELECT
    q.game_date,
    q.nba_game_id,
    q.platform_game_id AS game_id,
    q.player_id,
    q.player_lookup,
    q.bookmaker,
    q.snapshot_timestamp AS quoted_at,
    q.points_line,
    q.over_price_american,
    q.under_price_american,
    q.over_price_decimal,
    q.under_price_decimal,
    q.fair_prob_over,
    q.tipoff_at
  FROM nba_raw.odds_api_player_points_props_history AS q
  WHERE q.is_main AND q.known_from_at < q.known_to_at AND q.nba_game_id IS NOT NULL AND q.player_id IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY q.game_date, q.nba_game_id, q.player_id, q.bookmaker, q.snapshot_timestamp
    ORDER BY q.odds_api_event_id, q.source_object DESC
  ) = 1
)
SELECT
  q.game_date,
  q.nba_game_id,
  q.game_id,
  q.player_id,
  q.player_lookup,
  q.bookmaker,
  q.quoted_at,
  COALESCE(LEAD(q.quoted_at) OVER book, TIMESTAMP '9999-12-31 00:00:00+00') AS replaced_at,
  ROW_NUMBER() OVER book = 1 AS is_first,
  q.points_line,
  FIRST_VALUE(q.points_line) OVER book AS opening_points_line,
  q.over_price_american,
  q.under_price_american,
  q.over_price_decimal,
  q.under_price_decimal,
  q.fair_prob_over,
  q.tipoff_at,
  COALESCE(q.quoted_at < q.tipoff_at, FALSE) AS is_pregame
FROM quotes AS q
WINDOW book AS (PARTITION BY q.game_date, q.nba_game_id, q.player_id, q.bookmaker ORDER BY q.quoted_at)
