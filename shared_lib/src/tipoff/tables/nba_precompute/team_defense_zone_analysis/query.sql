-- The defence of a team by zone over its last 15 games, shrunk toward the league mean with weight n / (n + 15). Positive
-- means a weaker defence.
WITH form AS (
  SELECT
    game_date, team_abbr, season_year, cutoff_at, games_season, LEAST(games_season, 15) AS games_in_sample,
    zone_games_last_15, blocks_last_15, opponent_points_last_15, opponent_possessions_hundredths_last_15,
    seconds_tenths_last_15,
    opponent_paint_attempts_last_15 AS paint_attempts, opponent_paint_makes_last_15 AS paint_makes,
    opponent_mid_range_attempts_last_15 AS mid_attempts, opponent_mid_range_makes_last_15 AS mid_makes,
    opponent_three_attempts_last_15 AS three_attempts, opponent_three_makes_last_15 AS three_makes,
    opponent_points_prior_season, opponent_possessions_hundredths_prior_season,
    league_points_last_30_days + IF(league_games_last_30_days < 60, league_points_prior_season, 0) AS league_points,
    league_possessions_hundredths_last_30_days
      + IF(league_games_last_30_days < 60, league_possessions_hundredths_prior_season, 0) AS league_possessions_hundredths,
    league_seconds_tenths_last_30_days
      + IF(league_games_last_30_days < 60, league_seconds_tenths_prior_season, 0) AS league_seconds_tenths,
    league_paint_makes_last_30_days + IF(league_games_last_30_days < 60, league_paint_makes_prior_season, 0)
      AS league_paint_makes,
    league_paint_attempts_last_30_days + IF(league_games_last_30_days < 60, league_paint_attempts_prior_season, 0)
      AS league_paint_attempts,
    league_mid_range_makes_last_30_days + IF(league_games_last_30_days < 60, league_mid_range_makes_prior_season, 0)
      AS league_mid_makes,
    league_mid_range_attempts_last_30_days + IF(league_games_last_30_days < 60, league_mid_range_attempts_prior_season, 0)
      AS league_mid_attempts,
    league_three_makes_last_30_days + IF(league_games_last_30_days < 60, league_three_makes_prior_season, 0)
      AS league_three_makes,
    league_three_attempts_last_30_days + IF(league_games_last_30_days < 60, league_three_attempts_prior_season, 0)
      AS league_three_attempts
  FROM nba_analytics.team_recent_form
  WHERE game_date BETWEEN @start_date AND @end_date AND cutoff_at <= @as_of
),
rates AS (
  SELECT
    *,
    SAFE_DIVIDE(paint_makes, paint_attempts) AS paint_pct,
    SAFE_DIVIDE(mid_makes, mid_attempts) AS mid_pct,
    SAFE_DIVIDE(three_makes, three_attempts) AS three_pct,
    COALESCE(SAFE_DIVIDE(league_paint_makes, league_paint_attempts), 0.58) AS league_paint_pct,
    COALESCE(SAFE_DIVIDE(league_mid_makes, league_mid_attempts), 0.42) AS league_mid_pct,
    COALESCE(SAFE_DIVIDE(league_three_makes, league_three_attempts), 0.36) AS league_three_pct,
    COALESCE(SAFE_DIVIDE(10000 * league_points, league_possessions_hundredths), 112.0) AS league_def_rating,
    COALESCE(SAFE_DIVIDE(1440 * league_possessions_hundredths, league_seconds_tenths), 100.0) AS league_pace,
    zone_games_last_15 / (zone_games_last_15 + 15) AS zone_weight
  FROM form
),
versus AS (
  SELECT
    *,
    COALESCE((paint_pct - league_paint_pct) * 100 * zone_weight, 0.0) AS paint_vs,
    COALESCE((mid_pct - league_mid_pct) * 100 * zone_weight, 0.0) AS mid_vs,
    COALESCE((three_pct - league_three_pct) * 100 * zone_weight, 0.0) AS three_vs
  FROM rates
)
SELECT
  game_date AS analysis_date, team_abbr, season_year, cutoff_at, games_in_sample,
  zone_games_last_15 AS zone_games_in_sample,
  paint_pct AS paint_pct_allowed_last_15, mid_pct AS mid_range_pct_allowed_last_15, three_pct AS three_pt_pct_allowed_last_15,
  SAFE_DIVIDE(paint_attempts, zone_games_last_15) AS paint_attempts_allowed_per_game,
  SAFE_DIVIDE(mid_attempts, zone_games_last_15) AS mid_range_attempts_allowed_per_game,
  SAFE_DIVIDE(three_attempts, zone_games_last_15) AS three_pt_attempts_allowed_per_game,
  SAFE_DIVIDE(2 * paint_makes, zone_games_last_15) AS paint_points_allowed_per_game,
  SAFE_DIVIDE(2 * mid_makes, zone_games_last_15) AS mid_range_points_allowed_per_game,
  SAFE_DIVIDE(3 * three_makes, zone_games_last_15) AS three_pt_points_allowed_per_game,
  SAFE_DIVIDE(blocks_last_15, games_in_sample) AS blocks_per_game,
  paint_vs AS paint_defense_vs_league_avg,
  mid_vs AS mid_range_defense_vs_league_avg,
  three_vs AS three_pt_defense_vs_league_avg,
  SAFE_DIVIDE(10000 * opponent_points_last_15, opponent_possessions_hundredths_last_15) AS defensive_rating_last_15,
  SAFE_DIVIDE(opponent_points_last_15, games_in_sample) AS opponent_points_per_game,
  SAFE_DIVIDE(1440 * opponent_possessions_hundredths_last_15, seconds_tenths_last_15) AS opponent_pace,
  SAFE_DIVIDE(28800 * opponent_points_last_15, seconds_tenths_last_15 / 5) AS opponent_points_per_48,
  SAFE_DIVIDE(28800 * league_points, league_seconds_tenths / 5) AS league_points_per_48,
  league_paint_pct, league_mid_pct AS league_mid_range_pct, league_three_pct AS league_three_pt_pct,
  league_def_rating, league_pace,
  CASE
    WHEN zone_games_last_15 = 0 THEN NULL
    WHEN paint_vs <= mid_vs AND paint_vs <= three_vs THEN 'paint'
    WHEN mid_vs <= three_vs THEN 'mid_range'
    ELSE 'perimeter'
  END AS strongest_zone,
  CASE
    WHEN zone_games_last_15 = 0 THEN NULL
    WHEN paint_vs >= mid_vs AND paint_vs >= three_vs THEN 'paint'
    WHEN mid_vs >= three_vs THEN 'mid_range'
    ELSE 'perimeter'
  END AS weakest_zone,
  CASE
    WHEN games_in_sample >= 15 THEN 'excellent'
    WHEN games_in_sample >= 10.5 THEN 'good'
    WHEN games_in_sample >= 7.5 THEN 'limited'
    ELSE 'insufficient'
  END AS sample_quality
FROM versus
