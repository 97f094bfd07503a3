-- The scheduled games of the range, and how many of them have a final box score.
SELECT
  COUNT(*) AS games,
  COUNTIF(t.nba_game_id IS NOT NULL) AS finals
FROM nba_raw.games_asof(@as_of, 0) AS g
LEFT JOIN (
  SELECT DISTINCT p.nba_game_id
  FROM nba_analytics.player_game_summary AS p
  WHERE p.game_date BETWEEN @start_date AND @end_date
) AS t
  ON t.nba_game_id = g.nba_game_id
WHERE g.game_date BETWEEN @start_date AND @end_date
