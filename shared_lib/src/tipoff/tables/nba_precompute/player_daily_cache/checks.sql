-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.last_game_date < r.cache_date, FALSE)
        THEN 'leak: a window reaches the date itself'
      WHEN NOT COALESCE(r.points_avg_season IS NULL OR r.points_avg_season BETWEEN 0 AND 100, FALSE)
        THEN 'range: points'
      -- A shot in five seconds on the court gives a usage of several hundred percent. So the product with the minutes is
      -- bounded: by a usage of 100 % in 73 minutes, a player's whole time in the longest game ever played.
      WHEN NOT COALESCE(r.usage_rate_last_10 IS NULL OR r.usage_rate_last_10 * r.minutes_avg_last_10 BETWEEN 0 AND 7300, FALSE)
        THEN 'range: usage'
    END AS problem
  FROM nba_precompute.player_daily_cache AS r
  WHERE r.cache_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.cache_date AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_precompute.player_daily_cache AS r
  WHERE r.cache_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
