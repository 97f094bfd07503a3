ASSERT (
  SELECT COUNT(*) = COUNT(DISTINCT CONCAT(COALESCE(CAST(r.game_id AS STRING), ''), '|', COALESCE(CAST(r.player_id AS STRING), '')))
  FROM nba_precompute.player_composite_factors AS r WHERE r.game_date BETWEEN @start_date AND @end_date
)
  AS 'duplicate_key: nba_precompute.player_composite_factors has two rows of one key';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_composite_factors AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.fatigue_score BETWEEN 0 AND 100 AND r.fatigue_adjustment BETWEEN -5 AND 0, FALSE))
  AS 'range: fatigue';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_composite_factors AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.shot_zone_mismatch_score IS NULL OR ABS(r.shot_zone_mismatch_score) <= 10, FALSE))
  AS 'range: mismatch';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_composite_factors AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.pace_score IS NULL OR ABS(r.pace_score) <= 3, FALSE))
  AS 'range: pace';
ASSERT NOT EXISTS (SELECT 1 FROM nba_precompute.player_composite_factors AS r WHERE r.game_date BETWEEN @start_date AND @end_date AND NOT COALESCE(r.usage_spike_score IS NULL OR ABS(r.usage_spike_score) <= 3, FALSE))
  AS 'range: usage spike';
ASSERT NOT EXISTS (
  SELECT 1 FROM nba_analytics.upcoming_player_game_context AS c
  LEFT JOIN nba_precompute.player_composite_factors AS r ON r.game_id = c.game_id AND r.player_id = c.player_id AND r.game_date BETWEEN @start_date AND @end_date
  WHERE c.game_date BETWEEN @start_date AND @end_date AND c.slate_status = 'active' AND r.player_id IS NULL
)
  AS 'incomplete: an active candidate has no row (was the context built for a later @as_of?)';
