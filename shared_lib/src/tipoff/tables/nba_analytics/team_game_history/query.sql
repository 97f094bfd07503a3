-- One version of a row for each instant at which the box score or the play-by-play of the game changed.
WITH team AS (
  SELECT * FROM nba_raw.nbac_team_boxscore_history
  WHERE game_date BETWEEN @start_date AND @end_date AND known_from_at < @as_of AND known_from_at < known_to_at
),
shots AS (
  SELECT * FROM nba_raw.nbac_play_by_play_history
  WHERE game_date BETWEEN @start_date AND @end_date AND known_from_at < @as_of AND known_from_at < known_to_at
    AND player_id IS NOT NULL AND (shot_type IS NOT NULL OR event_type = 'block')
),
instants AS (
  SELECT t.game_date, t.nba_game_id, t.known_from_at FROM team AS t
  UNION DISTINCT
  SELECT a.game_date, a.nba_game_id, a.known_from_at FROM shots AS a
),
versions AS (
  SELECT
    i.*,
    COALESCE(
      LEAD(i.known_from_at) OVER (PARTITION BY i.game_date, i.nba_game_id ORDER BY i.known_from_at),
      TIMESTAMP '9999-12-31 00:00:00+00'
    ) AS known_to_at
  FROM instants AS i
),
documents AS (
  SELECT a.game_date, a.nba_game_id, a.known_from_at, a.known_to_at, ANY_VALUE(a.coverage) AS coverage
  FROM shots AS a
  GROUP BY 1, 2, 3, 4
),
shooting AS (
  SELECT
    a.game_date,
    a.nba_game_id,
    a.known_from_at,
    a.team_abbr,
    COUNTIF(a.shot_zone = 'paint') AS paint_attempts,
    COUNTIF(a.shot_zone = 'paint' AND a.shot_made) AS paint_makes,
    COUNTIF(a.shot_zone = 'mid_range') AS mid_range_attempts,
    COUNTIF(a.shot_zone = 'mid_range' AND a.shot_made) AS mid_range_makes,
    COUNTIF(a.shot_zone = 'three') AS three_attempts,
    COUNTIF(a.shot_zone = 'three' AND a.shot_made) AS three_makes
  FROM shots AS a
  WHERE a.is_field_goal
  GROUP BY 1, 2, 3, 4
),
second_chances AS (
  SELECT a.game_date, a.nba_game_id, a.known_from_at, a.team_abbr, SUM(a.points_scored) AS points
  FROM shots AS a
  WHERE '2ndchance' IN UNNEST(a.qualifiers)
  GROUP BY 1, 2, 3, 4
),
misses AS (
  SELECT a.game_date, a.nba_game_id, a.known_from_at, a.period, a.clock_tenths, a.team_abbr, MIN(a.shot_zone) AS shot_zone
  FROM shots AS a
  WHERE a.is_field_goal AND NOT a.shot_made
  GROUP BY 1, 2, 3, 4, 5, 6
),
blocking AS (
  SELECT
    a.game_date,
    a.nba_game_id,
    a.known_from_at,
    a.team_abbr,
    COUNTIF(m.shot_zone = 'paint') AS paint_blocks,
    COUNTIF(m.shot_zone = 'mid_range') AS mid_range_blocks,
    COUNTIF(m.shot_zone = 'three') AS three_pt_blocks
  FROM shots AS a
  JOIN misses AS m
    ON m.game_date = a.game_date AND m.nba_game_id = a.nba_game_id AND m.known_from_at = a.known_from_at
    AND m.period = a.period AND m.clock_tenths = a.clock_tenths AND m.team_abbr != a.team_abbr
  WHERE a.event_type = 'block'
  GROUP BY 1, 2, 3, 4
)
SELECT
  t.game_date,
  t.game_id,
  t.nba_game_id,
  t.season_year,
  t.season_type = 'playoffs' AS is_playoffs,
  t.tipoff_at,
  v.known_from_at,
  v.known_to_at,
  t.team_abbr,
  t.opponent_team_abbr,
  t.is_home AS home_game,
  t.win_flag,
  t.points - t.opponent_points AS margin_of_victory,
  t.overtime_periods,
  t.seconds_tenths,
  d.coverage AS play_by_play_coverage,
  t.points,
  t.field_goals_attempted AS fg_attempts,
  t.field_goals_made AS fg_makes,
  t.three_pointers_attempted AS three_pt_attempts,
  t.three_pointers_made AS three_pt_makes,
  t.free_throws_attempted AS ft_attempts,
  t.free_throws_made AS ft_makes,
  t.offensive_rebounds,
  t.defensive_rebounds,
  t.assists,
  t.steals,
  t.blocks,
  t.turnovers,
  t.personal_fouls,
  IF(d.coverage IS NULL, NULL, COALESCE(s.paint_attempts, 0)) AS paint_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(s.paint_makes, 0)) AS paint_makes,
  IF(d.coverage IS NULL, NULL, COALESCE(s.mid_range_attempts, 0)) AS mid_range_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(s.mid_range_makes, 0)) AS mid_range_makes,
  IF(d.coverage IS NULL, NULL, COALESCE(s.three_attempts, 0)) AS three_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(s.three_makes, 0)) AS three_makes,
  IF(d.coverage = 'all_actions', COALESCE(k.paint_blocks, 0), NULL) AS paint_blocks,
  IF(d.coverage = 'all_actions', COALESCE(k.mid_range_blocks, 0), NULL) AS mid_range_blocks,
  IF(d.coverage = 'all_actions', COALESCE(k.three_pt_blocks, 0), NULL) AS three_pt_blocks,
  COALESCE(t.second_chance_points, IF(d.coverage = 'all_actions', COALESCE(c.points, 0), NULL)) AS second_chance_points,
  u.points AS opponent_points,
  u.field_goals_attempted AS opponent_fg_attempts,
  u.field_goals_made AS opponent_fg_makes,
  u.three_pointers_attempted AS opponent_three_pt_attempts,
  u.three_pointers_made AS opponent_three_pt_makes,
  u.free_throws_attempted AS opponent_ft_attempts,
  u.free_throws_made AS opponent_ft_makes,
  u.offensive_rebounds AS opponent_offensive_rebounds,
  u.defensive_rebounds AS opponent_defensive_rebounds,
  u.assists AS opponent_assists,
  u.steals AS opponent_steals,
  u.blocks AS opponent_blocks,
  u.turnovers AS opponent_turnovers,
  u.personal_fouls AS opponent_personal_fouls,
  IF(d.coverage IS NULL, NULL, COALESCE(y.paint_attempts, 0)) AS opponent_paint_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(y.paint_makes, 0)) AS opponent_paint_makes,
  IF(d.coverage IS NULL, NULL, COALESCE(y.mid_range_attempts, 0)) AS opponent_mid_range_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(y.mid_range_makes, 0)) AS opponent_mid_range_makes,
  IF(d.coverage IS NULL, NULL, COALESCE(y.three_attempts, 0)) AS opponent_three_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(y.three_makes, 0)) AS opponent_three_makes,
  IF(d.coverage = 'all_actions', COALESCE(x.paint_blocks, 0), NULL) AS opponent_paint_blocks,
  IF(d.coverage = 'all_actions', COALESCE(x.mid_range_blocks, 0), NULL) AS opponent_mid_range_blocks,
  IF(d.coverage = 'all_actions', COALESCE(x.three_pt_blocks, 0), NULL) AS opponent_three_pt_blocks,
  COALESCE(u.second_chance_points, IF(d.coverage = 'all_actions', COALESCE(e.points, 0), NULL))
    AS opponent_second_chance_points,
  CAST((100 * (t.field_goals_attempted + t.turnovers - t.offensive_rebounds) + 44 * t.free_throws_attempted) AS NUMERIC) / 100 AS possessions,
  CAST((100 * (u.field_goals_attempted + u.turnovers - u.offensive_rebounds) + 44 * u.free_throws_attempted) AS NUMERIC) / 100 AS opponent_possessions,
  SAFE_DIVIDE(10000 * t.points, (100 * (t.field_goals_attempted + t.turnovers - t.offensive_rebounds) + 44 * t.free_throws_attempted)) AS offensive_rating,
  SAFE_DIVIDE(10000 * u.points, (100 * (u.field_goals_attempted + u.turnovers - u.offensive_rebounds) + 44 * u.free_throws_attempted)) AS defensive_rating,
  SAFE_DIVIDE(1440 * (100 * (t.field_goals_attempted + t.turnovers - t.offensive_rebounds) + 44 * t.free_throws_attempted), t.seconds_tenths) AS pace,
  SAFE_DIVIDE(1440 * (100 * (u.field_goals_attempted + u.turnovers - u.offensive_rebounds) + 44 * u.free_throws_attempted), t.seconds_tenths) AS opponent_pace,
  SAFE_DIVIDE(50 * t.points, 100 * t.field_goals_attempted + 44 * t.free_throws_attempted) AS ts_pct,
  SAFE_DIVIDE(50 * u.points, 100 * u.field_goals_attempted + 44 * u.free_throws_attempted) AS opponent_ts_pct
FROM versions AS v
JOIN team AS t
  ON t.game_date = v.game_date AND t.nba_game_id = v.nba_game_id
  AND t.known_from_at <= v.known_from_at AND v.known_from_at < t.known_to_at
JOIN team AS u
  ON u.game_date = t.game_date AND u.nba_game_id = t.nba_game_id AND u.team_abbr = t.opponent_team_abbr
  AND u.known_from_at = t.known_from_at
LEFT JOIN documents AS d
  ON d.game_date = v.game_date AND d.nba_game_id = v.nba_game_id
  AND d.known_from_at <= v.known_from_at AND v.known_from_at < d.known_to_at
LEFT JOIN shooting AS s
  ON s.game_date = d.game_date AND s.nba_game_id = d.nba_game_id AND s.known_from_at = d.known_from_at
  AND s.team_abbr = t.team_abbr
LEFT JOIN shooting AS y
  ON y.game_date = d.game_date AND y.nba_game_id = d.nba_game_id AND y.known_from_at = d.known_from_at
  AND y.team_abbr = t.opponent_team_abbr
LEFT JOIN blocking AS k
  ON k.game_date = d.game_date AND k.nba_game_id = d.nba_game_id AND k.known_from_at = d.known_from_at
  AND k.team_abbr = t.team_abbr
LEFT JOIN blocking AS x
  ON x.game_date = d.game_date AND x.nba_game_id = d.nba_game_id AND x.known_from_at = d.known_from_at
  AND x.team_abbr = t.opponent_team_abbr
LEFT JOIN second_chances AS c
  ON c.game_date = d.game_date AND c.nba_game_id = d.nba_game_id AND c.known_from_at = d.known_from_at
  AND c.team_abbr = t.team_abbr
LEFT JOIN second_chances AS e
  ON e.game_date = d.game_date AND e.nba_game_id = d.nba_game_id AND e.known_from_at = d.known_from_at
  AND e.team_abbr = t.opponent_team_abbr
