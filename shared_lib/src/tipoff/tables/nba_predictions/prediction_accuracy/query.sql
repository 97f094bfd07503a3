-- Grades the active prediction by the newest box score of a final game. The rules are in docs/domain.md#grading.
WITH predictions AS (
  SELECT *
  FROM nba_predictions.player_prop_predictions
  WHERE game_date BETWEEN @start_date AND @end_date AND is_active
),
finals AS (
  SELECT t.nba_game_id, MIN(t.known_from_at) AS known_from_at
  FROM nba_raw.nbac_team_boxscore_history AS t
  WHERE t.game_date BETWEEN @start_date AND @end_date AND t.known_from_at < @as_of AND @as_of <= t.known_to_at
  GROUP BY 1
),
box AS (
  SELECT *
  FROM nba_raw.nbac_player_boxscores_history
  WHERE game_date BETWEEN @start_date AND @end_date AND known_from_at < @as_of AND @as_of <= known_to_at
),
listings AS (
  SELECT i.game_date, i.team_abbr, i.player_lookup, i.injury_status, i.known_from_at, i.known_to_at
  FROM nba_raw.nbac_injury_report_history AS i
  WHERE i.game_date BETWEEN @start_date AND @end_date AND i.row_kind = 'listing' AND i.known_from_at < i.known_to_at
),
statuses AS (
  SELECT
    p.nba_game_id,
    p.player_id,
    p.system_id,
    p.market,
    LOGICAL_OR(i.injury_status = 'Out' AND i.known_from_at < p.tipoff_at AND p.tipoff_at <= i.known_to_at) AS was_out,
    LOGICAL_OR(i.known_from_at < p.tipoff_at AND p.tipoff_at <= i.known_to_at) AS was_listed
  FROM predictions AS p
  JOIN listings AS i
    ON i.game_date = p.game_date AND i.team_abbr = p.team_abbr AND i.player_lookup = p.player_lookup
  GROUP BY 1, 2, 3, 4
),
facts AS (
  SELECT
    p.*,
    f.known_from_at AS box_known_from_at,
    COALESCE(b.played, FALSE) AS played,
    IF(b.played, b.points, NULL) AS actual_points,
    IF(b.played, b.minutes, NULL) AS minutes_played,
    CASE
      WHEN b.played THEN 'played'
      WHEN b.participation = 'dnp_injury_confirmed' OR s.was_out THEN 'dnp_injury_confirmed'
      WHEN s.was_listed THEN 'dnp_late_scratch'
      ELSE 'dnp_unknown'
    END AS participation,
    CASE p.recommendation WHEN 'OVER' THEN p.over_price_american WHEN 'UNDER' THEN p.under_price_american END
      AS price_american
  FROM predictions AS p
  JOIN finals AS f ON f.nba_game_id = p.nba_game_id
  LEFT JOIN box AS b ON b.nba_game_id = p.nba_game_id AND b.player_id = p.player_id
  LEFT JOIN statuses AS s
    ON s.nba_game_id = p.nba_game_id AND s.player_id = p.player_id AND s.system_id = p.system_id AND s.market = p.market
),
outcomes AS (
  SELECT
    f.*,
    CASE
      WHEN NOT f.played THEN 'void'
      WHEN f.recommendation NOT IN ('OVER', 'UNDER') THEN 'pass'
      WHEN f.actual_points = f.current_points_line THEN 'push'
      WHEN (f.actual_points > f.current_points_line) = (f.recommendation = 'OVER') THEN 'win'
      ELSE 'loss'
    END AS outcome
  FROM facts AS f
)
SELECT
  o.game_date,
  o.game_id,
  o.nba_game_id,
  o.player_id,
  o.player_lookup,
  o.team_abbr,
  o.opponent_team_abbr,
  o.market,
  o.system_id,
  o.cutoff_at,
  o.prediction_id,
  o.prediction_version,
  o.model_version,
  o.box_known_from_at,
  o.predicted_points,
  o.mean_pts,
  o.confidence_score,
  LEAST(10, CAST(FLOOR(10 * o.confidence_score) AS INT64) + 1) AS confidence_decile,
  o.recommendation,
  o.has_prop_line,
  o.line_source,
  o.current_points_line AS line_value,
  o.line_bookmaker,
  o.price_american,
  o.participation,
  o.actual_points,
  o.minutes_played,
  ABS(o.predicted_points - o.actual_points) AS absolute_error,
  o.predicted_points - o.actual_points AS signed_error,
  o.mean_pts - o.actual_points AS mean_error,
  CAST(o.current_points_line - o.actual_points AS FLOAT64) AS line_error,
  o.predicted_points - CAST(o.current_points_line AS FLOAT64) AS predicted_margin,
  o.actual_points - o.current_points_line AS actual_margin,
  CASE o.outcome WHEN 'win' THEN TRUE WHEN 'loss' THEN FALSE END AS prediction_correct,
  o.outcome = 'push' AS is_push,
  o.outcome = 'void' AS is_voided,
  IF(o.outcome = 'void', o.participation, NULL) AS void_reason,
  o.outcome,
  CASE
    WHEN o.outcome = 'win' THEN IF(o.price_american > 0, o.price_american / 100, 100 / -o.price_american)
    WHEN o.outcome = 'loss' THEN -1.0
    WHEN o.outcome = 'push' THEN 0.0
    WHEN o.outcome = 'void' AND o.recommendation IN ('OVER', 'UNDER') THEN 0.0
  END AS profit_units,
  ABS(o.predicted_points - o.actual_points) <= 3 AS within_3_points,
  ABS(o.predicted_points - o.actual_points) <= 5 AS within_5_points,
  o.prob_over,
  o.prob_under,
  o.prob_push,
  o.feature_quality_score,
  @as_of AS graded_as_of
FROM outcomes AS o
