-- One row per active candidate, with the numbers that the features read, under short names.
WITH inputs AS (
  SELECT
    c.* EXCEPT (game_spread, game_total, implied_team_total, opponent_implied_total),
    CAST(c.game_spread AS FLOAT64) AS game_spread,
    CAST(c.game_total AS FLOAT64) AS game_total,
    CAST(c.implied_team_total AS FLOAT64) AS implied_team_total,
    CAST(c.opponent_implied_total AS FLOAT64) AS opponent_implied_total,
    k.fatigue_score, k.shot_zone_mismatch_score, k.pace_score, k.usage_spike_score,
    COALESCE(k.zone_games_in_sample, 0) AS zone_games_in_sample,
    COALESCE(k.opponent_games_in_sample, 0) AS opponent_games_in_sample,
    COALESCE(f.games_season, 0) AS games_season,
    COALESCE(f.games_prior_season, 0) AS games_prior_season,
    COALESCE(f.games_weighted, 0) AS games_weighted,
    COALESCE(f.zone_games_last_10, 0) AS zone_games_last_10,
    f.points_season, f.seconds_tenths_season, f.points_last_3, f.points_last_5, f.points_last_10, f.points_last_20,
    f.points_squared_last_10, f.points_newest_2, f.points_older_3, f.seconds_tenths_last_5, f.seconds_tenths_last_10,
    f.seconds_tenths_squared_last_10, f.fg_attempts_last_10, f.ft_attempts_last_10, f.ft_makes_last_10,
    f.three_pt_attempts_last_10, f.starts_last_5, f.starts_newest, f.seconds_tenths_newest,
    f.seconds_tenths_max_last_10, f.seconds_tenths_min_last_10, f.assists_newest_20, f.rebounds_newest_20,
    f.seconds_tenths_newest_20, f.plays_hundredths_last_5, f.team_plays_hundredths_last_5, f.team_seconds_tenths_last_5,
    f.plays_hundredths_last_10, f.team_plays_hundredths_last_10, f.team_seconds_tenths_last_10,
    f.points_weighted_3, f.points_weighted_6, f.points_weighted_15, f.points_weighted_40,
    f.seconds_tenths_weighted_3, f.seconds_tenths_weighted_6, f.seconds_tenths_weighted_15, f.seconds_tenths_weighted_40,
    f.weight_3, f.weight_6, f.weight_15, f.weight_40,
    f.paint_attempts_last_10, f.mid_range_attempts_last_10, f.three_attempts_last_10,
    f.points_prior_season, f.seconds_tenths_prior_season,
    SAFE_DIVIDE(f.seconds_tenths_last_10 * f.games_season, LEAST(f.games_season, 10) * f.seconds_tenths_season)
      AS minutes_ratio,
    -- The prior: the average of last season, shrunk toward 6 points in 14 minutes with the weight of five games.
    (COALESCE(f.points_prior_season, 0) + 30) / (COALESCE(f.games_prior_season, 0) + 5) AS prior_points,
    (COALESCE(f.seconds_tenths_prior_season, 0) / 600 + 70) / (COALESCE(f.games_prior_season, 0) + 5) AS prior_minutes,
    COALESCE(SAFE_DIVIDE(20 * f.plays_hundredths_prior_season * f.team_seconds_tenths_prior_season,
      f.seconds_tenths_prior_season * f.team_plays_hundredths_prior_season), 17) AS prior_usage,
    COALESCE(t.games_season, 0) AS team_games_season, t.wins_season AS team_wins_season,
    SAFE_DIVIDE(1440 * t.possessions_hundredths_last_10, t.seconds_tenths_last_10) AS team_pace_last_10,
    SAFE_DIVIDE(10000 * t.points_last_10, t.possessions_hundredths_last_10) AS team_offensive_rating_last_10,
    COALESCE(d.games_in_sample, 0) AS opponent_games,
    COALESCE(d.zone_games_in_sample, 0) AS opponent_zone_games,
    d.defensive_rating_last_15 AS opponent_defensive_rating_last_15,
    d.opponent_pace AS opponent_pace_last_15,
    d.opponent_points_per_48, d.league_points_per_48,
    d.paint_defense_vs_league_avg AS opponent_paint_vs_league,
    d.mid_range_defense_vs_league_avg AS opponent_mid_range_vs_league,
    d.three_pt_defense_vs_league_avg AS opponent_three_vs_league,
    COALESCE(d.league_def_rating, 112.0) AS league_def_rating,
    COALESCE(d.league_pace, 100.0) AS league_pace
  FROM nba_analytics.upcoming_player_game_context AS c
  LEFT JOIN nba_precompute.player_composite_factors AS k
    ON k.game_id = c.game_id AND k.player_id = c.player_id AND k.game_date BETWEEN @start_date AND @end_date
  LEFT JOIN nba_analytics.player_recent_form AS f
    ON f.game_date = c.game_date AND f.player_id = c.player_id AND f.game_date BETWEEN @start_date AND @end_date
  LEFT JOIN nba_analytics.team_recent_form AS t
    ON t.game_date = c.game_date AND t.team_abbr = c.team_abbr AND t.game_date BETWEEN @start_date AND @end_date
  LEFT JOIN nba_precompute.team_defense_zone_analysis AS d
    ON d.analysis_date = c.game_date AND d.team_abbr = c.opponent_team_abbr
    AND d.analysis_date BETWEEN @start_date AND @end_date
  WHERE c.game_date BETWEEN @start_date AND @end_date AND c.cutoff_at <= @as_of AND c.slate_status = 'active'
),
