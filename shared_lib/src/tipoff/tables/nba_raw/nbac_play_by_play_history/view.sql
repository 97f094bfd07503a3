-- Composed from nba_landing.nbac_play_by_play by tipoff.tables.raw_views; change that, not this.
WITH numbered AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY game_date, nba_game_id ORDER BY observed_at, source_object, source_generation, parse_seq) AS document_number
  FROM nba_landing.nbac_play_by_play
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, nba_game_id, observed_at, source_object, source_generation, parse_seq, event_sequence ORDER BY ingested_at) = 1
),
d AS (
  SELECT *, MIN(observed_at) OVER (PARTITION BY game_date, nba_game_id ORDER BY document_number RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_observed_at FROM numbered
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
  d.coverage,
  d.observed_at AS known_from_at,
  COALESCE(d.next_observed_at, TIMESTAMP '9999-12-31 00:00:00+00') AS known_to_at
FROM d
