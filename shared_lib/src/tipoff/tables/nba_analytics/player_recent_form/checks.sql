-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.last_game_date < r.game_date, FALSE)
        THEN 'leak: a window reaches the date itself'
      WHEN NOT COALESCE(r.inputs_known_at < r.cutoff_at, FALSE)
        THEN 'leak: a row learnt at or after the cutoff was read'
      WHEN NOT COALESCE(r.player_lookup IS NOT NULL AND r.last_team_abbr IS NOT NULL, FALSE)
        THEN 'null_key: a player without name or team'
      WHEN NOT COALESCE(r.games_last_7_days IS NULL OR (r.games_last_7_days BETWEEN 0 AND 7 AND r.games_last_14_days BETWEEN r.games_last_7_days AND 14), FALSE)
        THEN 'range: games in a week'
      WHEN NOT COALESCE(r.games_season + r.games_prior_season > 0, FALSE)
        THEN 'empty_row: a row without an appearance'
    END AS problem
  FROM nba_analytics.player_recent_form AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_date AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_analytics.player_recent_form AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
