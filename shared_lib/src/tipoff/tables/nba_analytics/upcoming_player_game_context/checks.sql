-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT COALESCE((SELECT COUNTIF(b.quoted_at >= r.cutoff_at) FROM UNNEST(r.book_lines) AS b) = 0, FALSE)
        THEN 'leak: a quote at or after the cutoff'
      WHEN NOT COALESCE(r.report_at IS NULL OR r.report_at < r.cutoff_at, FALSE)
        THEN 'leak: a report at or after the cutoff'
      WHEN NOT COALESCE(r.slate_status = 'unresolved' OR r.tipoff_at IS NULL OR r.cutoff_at < r.tipoff_at, FALSE)
        THEN 'leak: the cutoff is not before tip-off'
      WHEN NOT COALESCE(r.current_points_line IS NULL OR r.current_points_line BETWEEN 0.5 AND 70, FALSE)
        THEN 'range: points line'
      WHEN NOT COALESCE((
        SELECT COUNTIF(b.current_line < r.current_points_line) <= DIV((COUNT(*) - 1), 2)
          AND COUNTIF(b.current_line <= r.current_points_line) > DIV((COUNT(*) - 1), 2)
          AND COUNT(*) = r.points_line_books
        FROM UNNEST(r.book_lines) AS b
      ), FALSE) AND r.current_points_line IS NOT NULL
        THEN 'line: the points line is not the lower median of the books'
      WHEN NOT COALESCE(r.slate_status = 'unresolved' OR r.projected_usage_rate >= r.usage_rate_last_10, FALSE)
        THEN 'sign: absences lowered the projected usage'
    END AS problem
  FROM nba_analytics.upcoming_player_game_context AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), ''), '|', COALESCE(CAST(r.player_lookup AS STRING), ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_analytics.upcoming_player_game_context AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
