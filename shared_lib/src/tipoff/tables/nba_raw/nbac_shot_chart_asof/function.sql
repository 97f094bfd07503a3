-- Composed from nba_landing.nbac_shot_chart by tipoff.tables.raw_views; change that, not this.
WITH d AS (
  SELECT * FROM nba_landing.nbac_shot_chart
  WHERE game_date >= DATE '2000-01-01' AND observed_at < as_of
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY game_date, nba_game_id ORDER BY observed_at DESC, source_object DESC, source_generation DESC, parse_seq DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY game_date, nba_game_id, observed_at, source_object, source_generation, parse_seq, game_event_id ORDER BY ingested_at) = 1
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.nba_game_id,
  d.game_date,
  d.season_year,
  d.season_type,
  d.game_event_id,
  d.player_id,
  d.player_name,
  d.player_lookup,
  d.team_id,
  d.team_abbr,
  d.home_team_abbr,
  d.away_team_abbr,
  d.game_id,
  d.period,
  d.clock_tenths,
  d.action_type,
  d.shot_type,
  d.shot_zone,
  d.shot_zone_basic,
  d.shot_zone_area,
  d.shot_zone_range,
  d.shot_distance_feet,
  d.shot_x,
  d.shot_y,
  d.shot_made
FROM d
