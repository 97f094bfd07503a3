SELECT IF(COUNT(*) = 0, TRUE, ERROR('counts_do_not_add_up: the counts of outcomes do not add up to the graded rows')) AS holds
FROM nba_predictions.system_daily_performance
WHERE game_date BETWEEN @start_date AND @end_date
  AND (predictions_count != graded_count + void_count
    OR graded_count != recommendations_count + pass_count
    OR recommendations_count != correct_count + incorrect_count + push_count
    OR recommendations_count != over_count + under_count);
SELECT IF(COUNT(*) = 0, TRUE, ERROR('duplicate_key: a system appears twice on a date')) AS holds
FROM (
  SELECT 1 FROM nba_predictions.system_daily_performance
  WHERE game_date BETWEEN @start_date AND @end_date
  GROUP BY game_date, system_id
  HAVING COUNT(*) > 1
) AS broken;
