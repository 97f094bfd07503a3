-- The first spread that a document lists for a side counts. Alternate spreads are other markets.
WITH outcomes AS (
  SELECT
    l.*,
    CASE
      WHEN l.market_key = 'totals' THEN l.outcome_name
      WHEN l.outcome_team_abbr = l.home_team_abbr THEN 'home'
      WHEN l.outcome_team_abbr = l.away_team_abbr THEN 'away'
    END AS side
  FROM nba_raw.odds_api_game_lines_history AS l
  WHERE l.market_key IN ('spreads', 'totals', 'h2h') AND l.known_from_at < l.known_to_at AND l.nba_game_id IS NOT NULL
),
quotes AS (
  SELECT
    o.game_date,
    o.nba_game_id,
    o.platform_game_id AS game_id,
    o.home_team_abbr,
    o.away_team_abbr,
    o.bookmaker_key,
    o.snapshot_timestamp AS quoted_at,
    MIN(o.tipoff_at) AS tipoff_at,
    MIN(IF(o.market_key = 'spreads' AND o.side = 'home', o.outcome_point, NULL)) AS home_spread,
    MIN(IF(o.market_key = 'totals' AND o.side = 'Over', o.outcome_point, NULL)) AS total_points,
    MIN(IF(o.market_key = 'spreads' AND o.side = 'home', o.price_american, NULL)) AS home_spread_price_american,
    MIN(IF(o.market_key = 'spreads' AND o.side = 'away', o.price_american, NULL)) AS away_spread_price_american,
    MIN(IF(o.market_key = 'totals' AND o.side = 'Over', o.price_american, NULL)) AS over_price_american,
    MIN(IF(o.market_key = 'totals' AND o.side = 'Under', o.price_american, NULL)) AS under_price_american,
    MIN(IF(o.market_key = 'h2h' AND o.side = 'home', o.price_american, NULL)) AS home_moneyline_american,
    MIN(IF(o.market_key = 'h2h' AND o.side = 'away', o.price_american, NULL)) AS away_moneyline_american
  FROM outcomes AS o
  GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT
  q.game_date,
  q.nba_game_id,
  q.game_id,
  q.home_team_abbr,
  q.away_team_abbr,
  q.bookmaker_key,
  q.quoted_at,
  IF(q.home_spread IS NULL, NULL, COALESCE(
    MIN(IF(q.home_spread IS NULL, NULL, q.quoted_at)) OVER later, TIMESTAMP '9999-12-31 00:00:00+00'
  )) AS spread_replaced_at,
  IF(q.total_points IS NULL, NULL, COALESCE(
    MIN(IF(q.total_points IS NULL, NULL, q.quoted_at)) OVER later, TIMESTAMP '9999-12-31 00:00:00+00'
  )) AS total_replaced_at,
  q.home_spread IS NOT NULL AND COUNT(q.home_spread) OVER so_far = 1 AS is_first_spread,
  q.total_points IS NOT NULL AND COUNT(q.total_points) OVER so_far = 1 AS is_first_total,
  q.home_spread,
  q.total_points,
  q.home_spread_price_american,
  q.away_spread_price_american,
  q.over_price_american,
  q.under_price_american,
  q.home_moneyline_american,
  q.away_moneyline_american,
  q.tipoff_at,
  COALESCE(q.quoted_at < q.tipoff_at, FALSE) AS is_pregame
FROM quotes AS q
WINDOW
  book AS (PARTITION BY q.game_date, q.nba_game_id, q.bookmaker_key ORDER BY q.quoted_at),
  later AS (book ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING),
  so_far AS (book ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
