ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.analysis_date AS STRING), ''), '|', COALESCE(CAST(r.team_abbr AS STRING), '')))
  FROM nba_precompute.team_defense_zone_analysis AS r WHERE r.analysis_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_precompute.team_defense_zone_analysis has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.team_defense_zone_analysis AS r WHERE r.analysis_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.games_in_sample BETWEEN 0 AND 15, FALSE))
  AS 'range: games in sample';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.team_defense_zone_analysis AS r WHERE r.analysis_date BETWEEN @start_date AND @end_date AND NOT COALESCE(ABS(r.paint_defense_vs_league_avg) <= 30 AND ABS(r.mid_range_defense_vs_league_avg) <= 50 AND ABS(r.three_pt_defense_vs_league_avg) <= 50, FALSE))
  AS 'range: zone against the league';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.team_defense_zone_analysis AS r WHERE r.analysis_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.defensive_rating_last_15 IS NULL OR r.defensive_rating_last_15 BETWEEN 60 AND 180, FALSE))
  AS 'range: defensive rating';
