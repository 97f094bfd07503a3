SELECT IF(COUNT(*) = 0, TRUE, ERROR('not_two_teams: a version of a game does not have one home and one away team with one winner')) AS holds
FROM (
  SELECT 1 FROM nba_analytics.team_game_history
  WHERE game_date BETWEEN @start_date AND @end_date
  GROUP BY nba_game_id, known_from_at
  HAVING COUNT(*) != 2 OR COUNTIF(home_game) != 1 OR COUNTIF(win_flag) != 1 OR SUM(margin_of_victory) != 0
) AS broken;
SELECT IF(COUNT(*) = 0, TRUE, ERROR('no_possessions: a team has no possessions')) AS holds
FROM nba_analytics.team_game_history
WHERE game_date BETWEEN @start_date AND @end_date AND (possessions <= 0 OR opponent_possessions <= 0);
SELECT IF(COUNT(*) = 0, TRUE, ERROR('impossible_team_line: points are not the sum of the shots made, or minutes do not match the overtimes')) AS holds
FROM nba_analytics.team_game_history
WHERE game_date BETWEEN @start_date AND @end_date
  AND (points != 2 * fg_makes + three_pt_makes + ft_makes OR seconds_tenths != 144000 + 15000 * overtime_periods);
SELECT IF(COUNT(*) = 0, TRUE, ERROR('empty_interval: a version was never the newest')) AS holds
FROM nba_analytics.team_game_history
WHERE game_date BETWEEN @start_date AND @end_date AND NOT known_from_at < known_to_at;
