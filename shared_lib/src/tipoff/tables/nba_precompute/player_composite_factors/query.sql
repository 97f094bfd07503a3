-- Factors of a player in a game, defined by rules of the domain. Their weights are fitted in training.
WITH inputs AS (
  SELECT
    c.game_date, c.game_id, c.nba_game_id, c.player_id, c.player_lookup, c.team_abbr, c.opponent_team_abbr, c.cutoff_at,
    c.back_to_back, c.days_rest, c.games_in_last_7_days, c.minutes_in_last_7_days, c.avg_minutes_per_game_last_7,
    c.back_to_backs_last_14_days, c.projected_usage_rate, c.usage_rate_last_7_days, c.star_teammates_out,
    z.primary_scoring_zone,
    COALESCE(z.games_in_sample_10, 0) AS zone_games,
    CASE z.primary_scoring_zone
      WHEN 'paint' THEN z.paint_rate_last_10
      WHEN 'perimeter' THEN z.three_pt_rate_last_10
      WHEN 'mid_range' THEN z.mid_range_rate_last_10
      ELSE 0
    END AS zone_rate,
    CASE z.primary_scoring_zone
      WHEN 'paint' THEN d.paint_defense_vs_league_avg
      WHEN 'perimeter' THEN d.three_pt_defense_vs_league_avg
      WHEN 'mid_range' THEN d.mid_range_defense_vs_league_avg
      ELSE 0
    END AS zone_defense,
    d.games_in_sample AS opponent_games, d.opponent_pace - d.league_pace AS pace_differential
  FROM nba_analytics.upcoming_player_game_context AS c
  LEFT JOIN nba_precompute.player_shot_zone_analysis AS z
    ON z.analysis_date = c.game_date AND z.player_id = c.player_id AND z.analysis_date BETWEEN @start_date AND @end_date
  LEFT JOIN nba_precompute.team_defense_zone_analysis AS d
    ON d.analysis_date = c.game_date AND d.team_abbr = c.opponent_team_abbr
    AND d.analysis_date BETWEEN @start_date AND @end_date
  WHERE c.game_date BETWEEN @start_date AND @end_date AND c.cutoff_at <= @as_of AND c.slate_status = 'active'
),
fatigue AS (
  SELECT
    *,
    100
      - IF(back_to_back, 15, 0)
      + IF(days_rest >= 3, 5, 0)
      - IF(games_in_last_7_days >= 4, 10, 0)
      - IF(minutes_in_last_7_days > 240, 10, 0)
      - IF(avg_minutes_per_game_last_7 > 35, 8, 0)
      - CASE WHEN back_to_backs_last_14_days >= 2 THEN 12 WHEN back_to_backs_last_14_days = 1 THEN 5 ELSE 0 END
      AS raw_fatigue,
    zone_defense * LEAST(zone_rate / 50, 1) AS raw_mismatch,
    (projected_usage_rate - usage_rate_last_7_days) * 0.3 AS raw_spike
  FROM inputs
)
SELECT
  game_date, game_id, nba_game_id, player_id, player_lookup, team_abbr, opponent_team_abbr, cutoff_at,
  CAST(GREATEST(0, LEAST(100, raw_fatigue)) AS FLOAT64) AS fatigue_score,
  (GREATEST(0, LEAST(100, raw_fatigue)) - 100) / 20 AS fatigue_adjustment,
  GREATEST(-10.0, LEAST(10.0, raw_mismatch * IF(ABS(raw_mismatch) > 5, 1.2, 1.0))) AS shot_zone_mismatch_score,
  GREATEST(-3.0, LEAST(3.0, pace_differential / 2)) AS pace_score,
  GREATEST(-3.0, LEAST(3.0,
    raw_spike * CASE WHEN raw_spike <= 0 OR star_teammates_out = 0 THEN 1.0 WHEN star_teammates_out = 1 THEN 1.15 ELSE 1.3 END
  )) AS usage_spike_score,
  primary_scoring_zone, zone_games AS zone_games_in_sample, COALESCE(opponent_games, 0) AS opponent_games_in_sample,
  star_teammates_out
FROM fatigue
