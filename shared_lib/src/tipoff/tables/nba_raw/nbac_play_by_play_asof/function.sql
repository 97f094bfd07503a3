-- Composed from nba_landing.nbac_play_by_play by tipoff.tables.raw_views; change that, not this.
WITH d AS (
  SELECT * FROM nba_landing.nbac_play_by_play
  WHERE game_date >= DATE '2000-01-01' AND observed_at < as_of
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY game_date, nba_game_id ORDER BY observed_at DESC, source_object DESC, source_generation DESC, parse_seq DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY game_date, nba_game_id, observed_at, source_object, source_generation, parse_seq, event_sequence ORDER BY ingested_at) = 1
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
  d.event_sequence,
  d.action_number,
  d.order_number,
  d.period,
  d.clock_tenths,
  d.event_type,
  d.event_sub_type,
  d.qualifiers,
  d.team_id,
  d.team_abbr,
  d.player_id,
  d.player_name,
  d.assist_player_id,
  d.block_player_id,
  d.foul_drawn_player_id,
  d.is_field_goal,
  d.shot_made,
  d.shot_type,
  d.shot_zone,
  d.shot_x,
  d.shot_y,
  d.shot_distance_feet,
  d.points_scored,
  d.home_score,
  d.away_score,
  d.action_at,
  d.edited_at,
  d.description,
  d.coverage
FROM d
