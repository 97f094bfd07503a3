-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN r.predictions_count != r.graded_count + r.void_count
        OR r.graded_count != r.recommendations_count + r.pass_count
        OR r.recommendations_count != r.correct_count + r.incorrect_count + r.push_count
        OR r.recommendations_count != r.over_count + r.under_count
        THEN 'counts_do_not_add_up: the counts of outcomes do not add up to the graded rows'
    END AS problem
  FROM nba_predictions.system_daily_performance AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'duplicate_key: a system appears twice on a date' AS problem
  FROM nba_predictions.system_daily_performance AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  GROUP BY r.game_date, r.system_id
  HAVING COUNT(*) > 1
) AS p
WHERE p.problem IS NOT NULL;
