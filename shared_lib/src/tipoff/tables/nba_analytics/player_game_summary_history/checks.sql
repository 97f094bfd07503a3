-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN r.points != 2 * r.fg_makes + r.three_pt_makes + r.ft_makes OR r.fg_makes > r.fg_attempts OR r.ft_makes > r.ft_attempts
        THEN 'impossible_line: points are not the sum of the shots made, or a player made more shots than he attempted'
      WHEN NOT r.known_from_at < r.known_to_at
        THEN 'empty_interval: a version was never the newest'
    END AS problem
  FROM nba_analytics.player_game_summary_history AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'duplicate_key: a player appears twice in one version of a game' AS problem
  FROM nba_analytics.player_game_summary_history AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  GROUP BY r.nba_game_id, r.player_id, r.known_from_at
  HAVING COUNT(*) > 1
  UNION ALL
  SELECT 'points_do_not_add_up: the sum of player points is not the team score' AS problem
  FROM nba_analytics.player_game_summary_history AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  GROUP BY r.nba_game_id, r.team_abbr, r.known_from_at
  HAVING SUM(r.points) != MAX(r.team_points)
  UNION ALL
  SELECT 'one_sided_game: a game does not have exactly one home and one away team' AS problem
  FROM nba_analytics.player_game_summary_history AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  GROUP BY r.nba_game_id, r.known_from_at
  HAVING COUNT(DISTINCT IF(r.home_game, r.team_abbr, NULL)) != 1 OR COUNT(DISTINCT r.team_abbr) != 2
) AS p
WHERE p.problem IS NOT NULL;
