-- Composed from nba_landing.bdl_player_boxscores by tipoff.tables.raw_views; change that, not this.
WITH numbered AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY game_date, game_id ORDER BY observed_at, source_object, source_generation, parse_seq) AS document_number
  FROM nba_landing.bdl_player_boxscores
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, game_id, observed_at, source_object, source_generation, parse_seq, bdl_player_id ORDER BY ingested_at) = 1
),
d AS (
  SELECT *, MIN(observed_at) OVER (PARTITION BY game_date, game_id ORDER BY document_number RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_observed_at FROM numbered
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.game_date,
  d.game_id,
  d.bdl_game_id,
  d.season_year,
  d.is_playoffs,
  d.team_abbr,
  d.opponent_team_abbr,
  d.is_home,
  d.team_score,
  d.opponent_score,
  d.bdl_player_id,
  d.player_name,
  d.player_lookup,
  d.played,
  d.seconds_tenths,
  d.minutes,
  d.points,
  d.field_goals_made,
  d.field_goals_attempted,
  d.three_pointers_made,
  d.three_pointers_attempted,
  d.free_throws_made,
  d.free_throws_attempted,
  d.offensive_rebounds,
  d.defensive_rebounds,
  d.total_rebounds,
  d.assists,
  d.steals,
  d.blocks,
  d.turnovers,
  d.personal_fouls,
  d.observed_at AS known_from_at,
  COALESCE(d.next_observed_at, TIMESTAMP '9999-12-31 00:00:00+00') AS known_to_at
FROM d
