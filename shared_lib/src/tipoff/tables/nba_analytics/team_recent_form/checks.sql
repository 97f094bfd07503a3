-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.last_game_date IS NULL OR r.last_game_date < r.game_date, FALSE)
        THEN 'leak: a window reaches the date itself'
      WHEN NOT COALESCE(r.inputs_known_at < r.cutoff_at, FALSE)
        THEN 'leak: a row learnt at or after the cutoff was read'
      WHEN NOT COALESCE(r.wins_season BETWEEN 0 AND r.games_season, FALSE)
        THEN 'range: wins over games'
      WHEN NOT COALESCE(r.win_streak = 0 OR r.loss_streak = 0, FALSE)
        THEN 'range: both streaks at once'
    END AS problem
  FROM nba_analytics.team_recent_form AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_date AS STRING), ''), '|', COALESCE(CAST(r.team_abbr AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_analytics.team_recent_form AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
