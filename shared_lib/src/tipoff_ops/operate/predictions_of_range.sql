-- How many predictions stand in a range.
SELECT COUNT(*) AS predictions, '' AS why_none
FROM nba_predictions.player_prop_predictions AS p
WHERE p.game_date BETWEEN @start_date AND @end_date AND p.is_active
