-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN r.possessions <= 0 OR r.opponent_possessions <= 0
        THEN 'no_possessions: a team has no possessions'
      WHEN r.points != 2 * r.fg_makes + r.three_pt_makes + r.ft_makes OR r.seconds_tenths != 144000 + 15000 * r.overtime_periods
        THEN 'impossible_team_line: points are not the sum of the shots made, or minutes do not match the overtimes'
      WHEN NOT r.known_from_at < r.known_to_at
        THEN 'empty_interval: a version was never the newest'
    END AS problem
  FROM nba_analytics.team_game_history AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT 'not_two_teams: a version of a game does not have one home and one away team with one winner' AS problem
  FROM nba_analytics.team_game_history AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  GROUP BY r.nba_game_id, r.known_from_at
  HAVING COUNT(*) != 2 OR COUNTIF(r.home_game) != 1 OR COUNTIF(r.win_flag) != 1 OR SUM(r.margin_of_victory) != 0
) AS p
WHERE p.problem IS NOT NULL;
