-- Games of the range on the newest schedule known at the instant, and how many of them have a final box score. A game
-- that was moved belongs to its new date only, and a postponed one to none.
SELECT
  COUNT(*) AS games,
  COUNTIF(t.nba_game_id IS NOT NULL) AS finals
FROM nba_raw.nbac_schedule_asof(@as_of) AS g
LEFT JOIN (
  SELECT DISTINCT p.nba_game_id
  FROM nba_analytics.player_game_summary AS p
  WHERE p.game_date BETWEEN @start_date AND @end_date
) AS t
  ON t.nba_game_id = g.nba_game_id
WHERE g.game_date BETWEEN @start_date AND @end_date
  AND g.season_type IN ('regular_season', 'playoffs', 'play_in', 'cup_final')
  AND NOT COALESCE(g.postponed_status IN ('Y', 'P'), FALSE)
