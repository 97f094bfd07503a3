-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN r.recommendation IN ('OVER', 'UNDER') AND (r.line_value IS NULL OR r.price_american IS NULL)
        THEN 'bet_without_quote: a graded recommendation has no published line or price'
      WHEN NOT r.confidence_score BETWEEN 0 AND 1 OR NOT r.confidence_decile BETWEEN 1 AND 10
        THEN 'confidence_out_of_range: confidence_score is not between 0 and 1'
      WHEN r.is_voided != (r.actual_points IS NULL) OR (r.prediction_correct IS NULL) = (r.outcome IN ('win', 'loss'))
        THEN 'outcome_contradiction: void, push and prediction_correct contradict each other'
    END AS problem
  FROM nba_predictions.prediction_accuracy AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'duplicate_key: a prediction was graded twice' AS problem
  FROM nba_predictions.prediction_accuracy AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  GROUP BY r.nba_game_id, r.player_id, r.market, r.system_id
  HAVING COUNT(*) > 1
) AS p
WHERE p.problem IS NOT NULL;
