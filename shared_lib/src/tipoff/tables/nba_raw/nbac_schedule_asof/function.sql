-- Composed from nba_landing.nbac_schedule by tipoff.tables.raw_views; change that, not this.
WITH d AS (
  SELECT * FROM nba_landing.nbac_schedule
  WHERE TRUE AND observed_at < as_of
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY season ORDER BY observed_at DESC, source_object DESC, source_generation DESC, parse_seq DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY season, observed_at, source_object, source_generation, parse_seq, nba_game_id ORDER BY ingested_at) = 1
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.nba_game_id,
  d.game_id,
  d.game_date,
  d.game_date_est,
  d.game_code,
  d.season,
  d.season_year,
  d.season_type,
  d.game_status,
  d.game_status_text,
  d.postponed_status,
  d.tipoff_at,
  d.home_team_id,
  d.home_team_tricode,
  d.home_team_city,
  d.home_team_name,
  d.away_team_id,
  d.away_team_tricode,
  d.away_team_city,
  d.away_team_name,
  d.home_team_score,
  d.away_team_score,
  d.winning_team_tricode,
  d.arena_name,
  d.arena_city,
  d.arena_state,
  d.is_preseason,
  d.is_regular_season,
  d.is_all_star,
  d.is_playoffs,
  d.is_play_in,
  d.is_emirates_cup,
  d.neutral_site_flag,
  d.week_number,
  d.game_label,
  d.game_sub_label,
  d.series_text,
  d.series_game_number,
  d.home_team_tricode AS home_team_abbr,
  d.away_team_tricode AS away_team_abbr
FROM d
