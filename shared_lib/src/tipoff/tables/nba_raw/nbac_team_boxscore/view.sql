-- Composed from nba_landing.nbac_team_boxscore by tipoff.tables.raw_views; change that, not this.
WITH d AS (
  SELECT * FROM nba_landing.nbac_team_boxscore
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY game_date, nba_game_id ORDER BY observed_at DESC, source_object DESC, source_generation DESC, parse_seq DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY game_date, nba_game_id, observed_at, source_object, source_generation, parse_seq, team_abbr ORDER BY ingested_at) = 1
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.nba_game_id,
  d.game_date,
  d.game_id,
  d.season_year,
  d.season_type,
  d.tipoff_at,
  d.team_id,
  d.team_abbr,
  d.opponent_team_id,
  d.opponent_team_abbr,
  d.is_home,
  d.opponent_points,
  d.win_flag,
  d.overtime_periods,
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
  d.points_in_paint,
  d.fast_break_points,
  d.second_chance_points,
  d.team_rebounds,
  d.team_turnovers
FROM d
