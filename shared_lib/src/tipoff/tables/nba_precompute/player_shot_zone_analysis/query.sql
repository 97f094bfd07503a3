-- The zones of a player's shots in his last 10 and 20 appearances of this season, as known at the cutoff of the date.
WITH form AS (
  SELECT
    *,
    paint_attempts_last_10 + mid_range_attempts_last_10 + three_attempts_last_10 AS attempts_10,
    paint_attempts_last_20 + mid_range_attempts_last_20 + three_attempts_last_20 AS attempts_20
  FROM nba_analytics.player_recent_form
  WHERE game_date BETWEEN @start_date AND @end_date AND cutoff_at <= @as_of
),
rates AS (
  SELECT
    *,
    SAFE_DIVIDE(100 * paint_attempts_last_10, attempts_10) AS paint_rate,
    SAFE_DIVIDE(100 * mid_range_attempts_last_10, attempts_10) AS mid_rate,
    SAFE_DIVIDE(100 * three_attempts_last_10, attempts_10) AS three_rate
  FROM form
)
SELECT
  game_date AS analysis_date, player_id, player_lookup, season_year, cutoff_at,
  COALESCE(zone_games_last_10, 0) AS games_in_sample_10, COALESCE(zone_games_last_20, 0) AS games_in_sample_20,
  COALESCE(attempts_10, 0) AS total_shots_last_10, COALESCE(attempts_20, 0) AS total_shots_last_20,
  paint_rate AS paint_rate_last_10, mid_rate AS mid_range_rate_last_10, three_rate AS three_pt_rate_last_10,
  SAFE_DIVIDE(100 * paint_attempts_last_20, attempts_20) AS paint_rate_last_20,
  SAFE_DIVIDE(100 * mid_range_attempts_last_20, attempts_20) AS mid_range_rate_last_20,
  SAFE_DIVIDE(100 * three_attempts_last_20, attempts_20) AS three_pt_rate_last_20,
  SAFE_DIVIDE(paint_makes_last_10, paint_attempts_last_10) AS paint_pct_last_10,
  SAFE_DIVIDE(mid_range_makes_last_10, mid_range_attempts_last_10) AS mid_range_pct_last_10,
  SAFE_DIVIDE(three_makes_last_10, three_attempts_last_10) AS three_pt_pct_last_10,
  SAFE_DIVIDE(paint_attempts_last_10, zone_games_last_10) AS paint_attempts_per_game,
  SAFE_DIVIDE(mid_range_attempts_last_10, zone_games_last_10) AS mid_range_attempts_per_game,
  SAFE_DIVIDE(three_attempts_last_10, zone_games_last_10) AS three_pt_attempts_per_game,
  SAFE_DIVIDE(assisted_makes_last_10, assisted_makes_last_10 + unassisted_makes_last_10) AS assisted_rate_last_10,
  CASE
    WHEN COALESCE(attempts_10, 0) = 0 THEN NULL
    WHEN paint_rate >= 40 THEN 'paint'
    WHEN three_rate >= 40 THEN 'perimeter'
    WHEN mid_rate >= 35 THEN 'mid_range'
    ELSE 'balanced'
  END AS primary_scoring_zone,
  CASE
    WHEN zone_games_last_10 >= 10 THEN 'excellent'
    WHEN zone_games_last_10 >= 7 THEN 'good'
    WHEN zone_games_last_10 >= 5 THEN 'limited'
    ELSE 'insufficient'
  END AS sample_quality
FROM rates
