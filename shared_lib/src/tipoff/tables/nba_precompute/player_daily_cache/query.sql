-- The averages of each player of the teams that play, and of each player in the reports and quotes of the date, as known
-- at the cutoff of the date.
SELECT
  f.game_date AS cache_date, f.player_id, f.player_lookup, f.player_full_name, f.last_team_abbr AS team_abbr,
  f.season_year, f.cutoff_at, f.last_game_date,
  f.games_season AS games_played_season, f.games_prior_season AS games_played_prior_season,
  f.games_season < 10 AS early_season_flag,
  SAFE_DIVIDE(f.points_last_5, LEAST(f.games_season, 5)) AS points_avg_last_5,
  SAFE_DIVIDE(f.points_last_10, LEAST(f.games_season, 10)) AS points_avg_last_10,
  SAFE_DIVIDE(f.points_last_20, LEAST(f.games_season, 20)) AS points_avg_last_20,
  SAFE_DIVIDE(f.points_season, f.games_season) AS points_avg_season,
  SAFE_DIVIDE(f.points_prior_season, f.games_prior_season) AS points_avg_prior_season,
  IF(f.games_season >= 3, SQRT(SAFE_DIVIDE(
    LEAST(f.games_season, 10) * f.points_squared_last_10 - f.points_last_10 * f.points_last_10,
    LEAST(f.games_season, 10) * (LEAST(f.games_season, 10) - 1)
  )), NULL) AS points_std_last_10,
  SAFE_DIVIDE(f.seconds_tenths_last_5, 600 * LEAST(f.games_season, 5)) AS minutes_avg_last_5,
  SAFE_DIVIDE(f.seconds_tenths_last_10, 600 * LEAST(f.games_season, 10)) AS minutes_avg_last_10,
  SAFE_DIVIDE(f.seconds_tenths_season, 600 * f.games_season) AS minutes_avg_season,
  SAFE_DIVIDE(20 * f.plays_hundredths_last_10 * f.team_seconds_tenths_last_10,
    f.seconds_tenths_last_10 * f.team_plays_hundredths_last_10) AS usage_rate_last_10,
  SAFE_DIVIDE(20 * f.plays_hundredths_season * f.team_seconds_tenths_season,
    f.seconds_tenths_season * f.team_plays_hundredths_season) AS player_usage_rate_season,
  SAFE_DIVIDE(50 * f.points_last_10, 100 * f.fg_attempts_last_10 + 44 * f.ft_attempts_last_10) AS ts_pct_last_10,
  COALESCE(f.games_last_7_days, 0) AS games_in_last_7_days,
  COALESCE(f.games_last_14_days, 0) AS games_in_last_14_days,
  COALESCE(f.seconds_tenths_last_7_days, 0) / 600 AS minutes_in_last_7_days,
  COALESCE(f.seconds_tenths_last_14_days, 0) / 600 AS minutes_in_last_14_days,
  COALESCE(f.back_to_backs_last_14_days, 0) AS back_to_backs_last_14_days,
  SAFE_DIVIDE(1440 * t.possessions_hundredths_last_10, t.seconds_tenths_last_10) AS team_pace_last_10,
  SAFE_DIVIDE(10000 * t.points_last_10, t.possessions_hundredths_last_10) AS team_off_rating_last_10,
  z.primary_scoring_zone, z.paint_rate_last_10, z.three_pt_rate_last_10, z.assisted_rate_last_10,
  CASE
    WHEN f.games_season >= 10 THEN 'excellent'
    WHEN f.games_season >= 7 THEN 'good'
    WHEN f.games_season >= 5 THEN 'limited'
    ELSE 'insufficient'
  END AS sample_quality
FROM nba_analytics.player_recent_form AS f
LEFT JOIN nba_analytics.team_recent_form AS t
  ON t.game_date = f.game_date AND t.team_abbr = f.last_team_abbr AND t.game_date BETWEEN @start_date AND @end_date
LEFT JOIN nba_precompute.player_shot_zone_analysis AS z
  ON z.analysis_date = f.game_date AND z.player_id = f.player_id AND z.analysis_date BETWEEN @start_date AND @end_date
WHERE f.game_date BETWEEN @start_date AND @end_date AND f.cutoff_at <= @as_of
