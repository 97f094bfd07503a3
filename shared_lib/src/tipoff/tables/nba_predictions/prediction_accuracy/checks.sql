SELECT IF(COUNT(*) = 0, TRUE, ERROR('duplicate_key: a prediction was graded twice')) AS holds
FROM (
  SELECT 1 FROM nba_predictions.prediction_accuracy
  WHERE game_date BETWEEN @start_date AND @end_date
  GROUP BY nba_game_id, player_id, market, system_id
  HAVING COUNT(*) > 1
) AS broken;
SELECT IF(COUNT(*) = 0, TRUE, ERROR('bet_without_quote: a graded recommendation has no published line or price')) AS holds
FROM nba_predictions.prediction_accuracy
WHERE game_date BETWEEN @start_date AND @end_date
  AND recommendation IN ('OVER', 'UNDER') AND (line_value IS NULL OR price_american IS NULL);
SELECT IF(COUNT(*) = 0, TRUE, ERROR('confidence_out_of_range: confidence_score is not between 0 and 1')) AS holds
FROM nba_predictions.prediction_accuracy
WHERE game_date BETWEEN @start_date AND @end_date
  AND (NOT confidence_score BETWEEN 0 AND 1 OR NOT confidence_decile BETWEEN 1 AND 10);
SELECT IF(COUNT(*) = 0, TRUE, ERROR('outcome_contradiction: void, push and prediction_correct contradict each other')) AS holds
FROM nba_predictions.prediction_accuracy
WHERE game_date BETWEEN @start_date AND @end_date
  AND (is_voided != (actual_points IS NULL) OR (prediction_correct IS NULL) = (outcome IN ('win', 'loss')));
