-- One version of a row for each instant at which the box score or the play-by-play of the game changed.
WITH box AS (
  SELECT * FROM nba_raw.nbac_player_boxscores_history
  WHERE game_date BETWEEN @start_date AND @end_date AND known_from_at < @as_of AND known_from_at < known_to_at AND played
),
team AS (
  SELECT * FROM nba_raw.nbac_team_boxscore_history
  WHERE game_date BETWEEN @start_date AND @end_date AND known_from_at < @as_of AND known_from_at < known_to_at
),
actions AS (
  SELECT
    a.*,
    LOGICAL_OR(a.assist_player_id IS NOT NULL) OVER (PARTITION BY a.game_date, a.nba_game_id, a.known_from_at)
      AS names_assists
  FROM nba_raw.nbac_play_by_play_history AS a
  WHERE a.game_date BETWEEN @start_date AND @end_date AND a.known_from_at < @as_of AND a.known_from_at < a.known_to_at
    AND a.player_id IS NOT NULL AND (a.shot_type IS NOT NULL OR a.event_type = 'block')
),
instants AS (
  SELECT t.game_date, t.nba_game_id, t.known_from_at FROM team AS t
  UNION DISTINCT
  SELECT a.game_date, a.nba_game_id, a.known_from_at FROM actions AS a
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
  SELECT a.game_date, a.nba_game_id, a.known_from_at, a.known_to_at, ANY_VALUE(a.coverage) AS coverage,
    LOGICAL_OR(a.names_assists) AS names_assists
  FROM actions AS a
  GROUP BY 1, 2, 3, 4
),
shooting AS (
  SELECT
    a.game_date,
    a.nba_game_id,
    a.known_from_at,
    a.player_id,
    COUNTIF(a.shot_zone = 'paint') AS paint_attempts,
    COUNTIF(a.shot_zone = 'paint' AND a.shot_made) AS paint_makes,
    COUNTIF(a.shot_zone = 'mid_range') AS mid_range_attempts,
    COUNTIF(a.shot_zone = 'mid_range' AND a.shot_made) AS mid_range_makes,
    COUNTIF(a.shot_zone = 'three') AS three_attempts,
    COUNTIF(a.shot_zone = 'three' AND a.shot_made) AS three_makes,
    COUNTIF(a.is_field_goal AND a.shot_made AND a.assist_player_id IS NOT NULL) AS assisted_fg_makes,
    COUNTIF(a.is_field_goal AND a.shot_made AND a.assist_player_id IS NULL) AS unassisted_fg_makes
  FROM actions AS a
  GROUP BY 1, 2, 3, 4
),
moments AS (
  SELECT a.game_date, a.nba_game_id, a.known_from_at, a.player_id,
    COUNTIF(a.is_field_goal AND a.shot_made) > 0 AND COUNTIF(a.shot_type = 'freethrow') = 1 AS is_and1
  FROM actions AS a
  GROUP BY 1, 2, 3, 4, a.period, a.clock_tenths
),
and_ones AS (
  SELECT m.game_date, m.nba_game_id, m.known_from_at, m.player_id, COUNTIF(m.is_and1) AS and1_count
  FROM moments AS m
  GROUP BY 1, 2, 3, 4
),
misses AS (
  SELECT a.game_date, a.nba_game_id, a.known_from_at, a.period, a.clock_tenths, a.team_abbr, MIN(a.shot_zone) AS shot_zone
  FROM actions AS a
  WHERE a.is_field_goal AND NOT a.shot_made
  GROUP BY 1, 2, 3, 4, 5, 6
),
blocking AS (
  SELECT
    a.game_date,
    a.nba_game_id,
    a.known_from_at,
    a.player_id,
    COUNTIF(m.shot_zone = 'paint') AS paint_blocks,
    COUNTIF(m.shot_zone = 'mid_range') AS mid_range_blocks,
    COUNTIF(m.shot_zone = 'three') AS three_pt_blocks
  FROM actions AS a
  JOIN misses AS m
    ON m.game_date = a.game_date AND m.nba_game_id = a.nba_game_id AND m.known_from_at = a.known_from_at
    AND m.period = a.period AND m.clock_tenths = a.clock_tenths AND m.team_abbr != a.team_abbr
  WHERE a.event_type = 'block'
  GROUP BY 1, 2, 3, 4
),
lines AS (
  SELECT
    r.game_date, r.nba_game_id, r.player_id, r.points_line, r.opening_points_line AS opening_line, r.line_books,
    r.in_force_from_at, r.in_force_to_at
  FROM nba_analytics.player_reference_line_history AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date AND r.in_force_from_at < @as_of
)
SELECT
  b.game_date,
  b.game_id,
  b.nba_game_id,
  b.season_year,
  b.season_type = 'playoffs' AS is_playoffs,
  b.tipoff_at,
  v.known_from_at,
  v.known_to_at,
  b.player_id,
  b.player_lookup,
  CONCAT(b.player_lookup, '_001') AS universal_player_id,
  b.player_name AS player_full_name,
  b.team_abbr,
  b.opponent_team_abbr,
  b.is_home AS home_game,
  b.starter AS starter_flag,
  t.win_flag,
  b.points,
  b.seconds_tenths,
  b.minutes AS minutes_played,
  b.assists,
  b.offensive_rebounds,
  b.defensive_rebounds,
  b.total_rebounds,
  b.steals,
  b.blocks,
  b.turnovers,
  b.personal_fouls,
  b.plus_minus,
  b.field_goals_attempted AS fg_attempts,
  b.field_goals_made AS fg_makes,
  b.three_pointers_attempted AS three_pt_attempts,
  b.three_pointers_made AS three_pt_makes,
  b.free_throws_attempted AS ft_attempts,
  b.free_throws_made AS ft_makes,
  IF(d.coverage IS NULL, NULL, COALESCE(s.paint_attempts, 0)) AS paint_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(s.paint_makes, 0)) AS paint_makes,
  IF(d.coverage IS NULL, NULL, COALESCE(s.mid_range_attempts, 0)) AS mid_range_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(s.mid_range_makes, 0)) AS mid_range_makes,
  IF(d.coverage IS NULL, NULL, COALESCE(s.three_attempts, 0)) AS three_attempts,
  IF(d.coverage IS NULL, NULL, COALESCE(s.three_makes, 0)) AS three_makes,
  IF(d.names_assists, COALESCE(s.assisted_fg_makes, 0), NULL) AS assisted_fg_makes,
  IF(d.names_assists, COALESCE(s.unassisted_fg_makes, 0), NULL) AS unassisted_fg_makes,
  IF(d.coverage = 'all_actions', COALESCE(o.and1_count, 0), NULL) AS and1_count,
  IF(d.coverage = 'all_actions', COALESCE(k.paint_blocks, 0), NULL) AS paint_blocks,
  IF(d.coverage = 'all_actions', COALESCE(k.mid_range_blocks, 0), NULL) AS mid_range_blocks,
  IF(d.coverage = 'all_actions', COALESCE(k.three_pt_blocks, 0), NULL) AS three_pt_blocks,
  d.coverage AS play_by_play_coverage,
  t.seconds_tenths AS team_seconds_tenths,
  t.field_goals_attempted AS team_fg_attempts,
  t.free_throws_attempted AS team_ft_attempts,
  t.turnovers AS team_turnovers,
  t.points AS team_points,
  t.opponent_points,
  SAFE_DIVIDE(
    20 * (100 * b.field_goals_attempted + 44 * b.free_throws_attempted + 100 * b.turnovers) * t.seconds_tenths,
    b.seconds_tenths * (100 * t.field_goals_attempted + 44 * t.free_throws_attempted + 100 * t.turnovers)
  ) AS usage_rate,
  SAFE_DIVIDE(50 * b.points, 100 * b.field_goals_attempted + 44 * b.free_throws_attempted) AS ts_pct,
  SAFE_DIVIDE(2 * b.field_goals_made + b.three_pointers_made, 2 * b.field_goals_attempted) AS efg_pct,
  l.points_line,
  l.opening_line,
  l.points_line - l.opening_line AS line_movement,
  IF(l.points_line IS NULL, NULL, 'reference_last_pregame') AS points_line_source,
  IF(l.opening_line IS NULL, NULL, 'reference_first_pregame') AS opening_line_source,
  COALESCE(l.line_books, 0) AS line_books,
  CASE
    WHEN b.points > l.points_line THEN 'OVER'
    WHEN b.points < l.points_line THEN 'UNDER'
    WHEN b.points = l.points_line THEN 'PUSH'
  END AS over_under_result,
  b.points - l.points_line AS margin
FROM versions AS v
JOIN box AS b
  ON b.game_date = v.game_date AND b.nba_game_id = v.nba_game_id
  AND b.known_from_at <= v.known_from_at AND v.known_from_at < b.known_to_at
JOIN team AS t
  ON t.game_date = v.game_date AND t.nba_game_id = v.nba_game_id AND t.team_abbr = b.team_abbr
  AND t.known_from_at <= v.known_from_at AND v.known_from_at < t.known_to_at
LEFT JOIN documents AS d
  ON d.game_date = v.game_date AND d.nba_game_id = v.nba_game_id
  AND d.known_from_at <= v.known_from_at AND v.known_from_at < d.known_to_at
LEFT JOIN shooting AS s
  ON s.game_date = d.game_date AND s.nba_game_id = d.nba_game_id AND s.known_from_at = d.known_from_at
  AND s.player_id = b.player_id
LEFT JOIN and_ones AS o
  ON o.game_date = d.game_date AND o.nba_game_id = d.nba_game_id AND o.known_from_at = d.known_from_at
  AND o.player_id = b.player_id
LEFT JOIN blocking AS k
  ON k.game_date = d.game_date AND k.nba_game_id = d.nba_game_id AND k.known_from_at = d.known_from_at
  AND k.player_id = b.player_id
LEFT JOIN lines AS l
  ON l.game_date = b.game_date AND l.nba_game_id = b.nba_game_id AND l.player_id = b.player_id
  AND l.in_force_from_at < b.tipoff_at AND b.tipoff_at <= l.in_force_to_at
