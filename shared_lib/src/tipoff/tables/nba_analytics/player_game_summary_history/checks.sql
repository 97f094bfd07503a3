SELECT IF(COUNT(*) = 0, TRUE, ERROR('duplicate_key: a player appears twice in one version of a game')) AS holds
FROM (
  SELECT 1 FROM nba_analytics.player_game_summary_history
  WHERE game_date BETWEEN @start_date AND @end_date
  GROUP BY nba_game_id, player_id, known_from_at
  HAVING COUNT(*) > 1
) AS broken;
SELECT IF(COUNT(*) = 0, TRUE, ERROR('points_do_not_add_up: the sum of player points is not the team score')) AS holds
FROM (
  SELECT 1 FROM nba_analytics.player_game_summary_history
  WHERE game_date BETWEEN @start_date AND @end_date
  GROUP BY nba_game_id, team_abbr, known_from_at
  HAVING SUM(points) != MAX(team_points)
) AS broken;
SELECT IF(COUNT(*) = 0, TRUE, ERROR('impossible_line: points are not the sum of the shots made, or a player made more shots than he attempted')) AS holds
FROM nba_analytics.player_game_summary_history
WHERE game_date BETWEEN @start_date AND @end_date
  AND (points != 2 * fg_makes + three_pt_makes + ft_makes OR fg_makes > fg_attempts OR ft_makes > ft_attempts);
SELECT IF(COUNT(*) = 0, TRUE, ERROR('empty_interval: a version was never the newest')) AS holds
FROM nba_analytics.player_game_summary_history
WHERE game_date BETWEEN @start_date AND @end_date AND NOT known_from_at < known_to_at;
SELECT IF(COUNT(*) = 0, TRUE, ERROR('one_sided_game: a game does not have exactly one home and one away team')) AS holds
FROM (
  SELECT 1 FROM nba_analytics.player_game_summary_history
  WHERE game_date BETWEEN @start_date AND @end_date
  GROUP BY nba_game_id, known_from_at
  HAVING COUNT(DISTINCT IF(home_game, team_abbr, NULL)) != 1 OR COUNT(DISTINCT team_abbr) != 2
) AS broken;
