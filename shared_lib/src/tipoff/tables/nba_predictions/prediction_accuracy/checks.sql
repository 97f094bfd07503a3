ASSERT (
  SELECT COUNT(*) = 0 FROM (
    SELECT 1 FROM nba_predictions.prediction_accuracy
    WHERE game_date BETWEEN @start_date AND @end_date
    GROUP BY nba_game_id, player_id, market, system_id
    HAVING COUNT(*) > 1
  )
) AS 'duplicate_key: a prediction was graded twice';
ASSERT (
  SELECT COUNT(*) = 0 FROM nba_predictions.prediction_accuracy
  WHERE game_date BETWEEN @start_date AND @end_date
    AND recommendation IN ('OVER', 'UNDER') AND (line_value IS NULL OR price_american IS NULL)
) AS 'bet_without_quote: a graded recommendation has no published line or price';
ASSERT (
  SELECT COUNT(*) = 0 FROM nba_predictions.prediction_accuracy
  WHERE game_date BETWEEN @start_date AND @end_date
    AND (NOT confidence_score BETWEEN 0 AND 1 OR NOT confidence_decile BETWEEN 1 AND 10)
) AS 'confidence_out_of_range: confidence_score is a probability';
ASSERT (
  SELECT COUNT(*) = 0 FROM nba_predictions.prediction_accuracy
  WHERE game_date BETWEEN @start_date AND @end_date
    AND (is_voided != (actual_points IS NULL) OR (prediction_correct IS NULL) = (outcome IN ('win', 'loss')))
) AS 'outcome_contradiction: void, push and hit rate disagree';
