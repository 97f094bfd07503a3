ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.cache_date AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), '')))
  FROM nba_precompute.player_daily_cache AS r WHERE r.cache_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_precompute.player_daily_cache has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_daily_cache AS r WHERE r.cache_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.last_game_date < r.cache_date, FALSE))
  AS 'leak: a window reaches the date itself';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_daily_cache AS r WHERE r.cache_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.points_avg_season IS NULL OR r.points_avg_season BETWEEN 0 AND 60, FALSE))
  AS 'range: points';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_daily_cache AS r WHERE r.cache_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.usage_rate_last_10 IS NULL OR r.usage_rate_last_10 BETWEEN 0 AND 101, FALSE))
  AS 'range: usage';
