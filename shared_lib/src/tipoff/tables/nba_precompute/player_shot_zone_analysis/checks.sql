ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.analysis_date AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), '')))
  FROM nba_precompute.player_shot_zone_analysis AS r WHERE r.analysis_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_precompute.player_shot_zone_analysis has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_shot_zone_analysis AS r WHERE r.analysis_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.paint_rate_last_10 IS NULL OR ABS(r.paint_rate_last_10 + r.mid_range_rate_last_10 + r.three_pt_rate_last_10 - 100) < 0.000001, FALSE))
  AS 'sum: zone rates add to 100';
