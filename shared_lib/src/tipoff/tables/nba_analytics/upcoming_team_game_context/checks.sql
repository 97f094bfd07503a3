-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE(r.line_quoted_at IS NULL OR r.line_quoted_at < r.cutoff_at, FALSE)
        THEN 'leak: a quote at or after the cutoff'
      WHEN NOT COALESCE(r.cutoff_at < COALESCE(r.tipoff_at, TIMESTAMP '9999-12-31'), FALSE)
        THEN 'leak: the cutoff is not before tip-off'
      WHEN NOT COALESCE(r.team_days_rest IS NULL OR r.team_days_rest >= 0, FALSE)
        THEN 'range: negative rest'
      WHEN NOT COALESCE(r.is_back_to_back = COALESCE(r.team_days_rest = 0, FALSE), FALSE)
        THEN 'sign: a back-to-back has no day off'
      WHEN NOT COALESCE(r.implied_team_total IS NULL OR r.implied_team_total BETWEEN 60 AND 180, FALSE)
        THEN 'range: implied total'
      WHEN NOT COALESCE(r.game_spread IS NULL OR ABS(r.game_spread) <= 35, FALSE)
        THEN 'range: spread'
    END AS problem
  FROM nba_analytics.upcoming_team_game_context AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.team_abbr AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_analytics.upcoming_team_game_context AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
