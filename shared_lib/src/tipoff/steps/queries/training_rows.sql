-- Slate rows of the feature store with what became of them, for training and backtest: one row per player and game.
-- The line is the median book's main line in force at the row's cutoff: never a quote at or after it.
WITH quotes AS (
  SELECT
    f.nba_game_id,
    f.player_id,
    l.points_line,
    l.over_price_american,
    l.under_price_american,
    l.bookmaker,
    ROW_NUMBER() OVER (PARTITION BY f.nba_game_id, f.player_id ORDER BY l.points_line, l.bookmaker) AS place,
    COUNT(*) OVER (PARTITION BY f.nba_game_id, f.player_id) AS books
  FROM nba_predictions.ml_feature_store_v2 AS f
  JOIN nba_analytics.player_line_history AS l
    ON l.nba_game_id = f.nba_game_id AND l.player_id = f.player_id
    AND l.quoted_at < f.cutoff_at AND f.cutoff_at <= l.replaced_at
  WHERE f.game_date BETWEEN @start_date AND @end_date
    AND l.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 3 DAY) AND DATE_ADD(@end_date, INTERVAL 3 DAY)
)
SELECT
  f.game_date,
  f.season_year,
  f.nba_game_id,
  f.player_id,
  ARRAY(SELECT x.value FROM UNNEST(f.features) AS x WITH OFFSET AS place ORDER BY place) AS feature_values,
  f.feature_quality_score,
  SUBSTR(f.nba_game_id, 1, 3) = '004' AS is_playoffs,
  CAST(p.points AS FLOAT64) AS points,
  CAST(p.seconds_tenths AS FLOAT64) / 600 AS minutes,
  CAST(q.points_line AS FLOAT64) AS line_pts,
  q.over_price_american AS over_american,
  q.under_price_american AS under_american,
  q.bookmaker
FROM nba_predictions.ml_feature_store_v2 AS f
LEFT JOIN nba_analytics.player_game_summary_history AS p
  ON p.nba_game_id = f.nba_game_id AND p.player_id = f.player_id
  AND p.known_from_at < @as_of AND @as_of <= p.known_to_at
  AND p.game_date = f.game_date AND p.game_date BETWEEN @start_date AND @end_date
LEFT JOIN quotes AS q
  ON q.nba_game_id = f.nba_game_id AND q.player_id = f.player_id AND q.place = DIV(q.books + 1, 2)
WHERE f.game_date BETWEEN @start_date AND @end_date
