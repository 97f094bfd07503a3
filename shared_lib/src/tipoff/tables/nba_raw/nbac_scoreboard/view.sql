-- Composed from nba_landing.nbac_scoreboard by tipoff.tables.raw_views; change that, not this.
WITH d AS (
  SELECT * FROM nba_landing.nbac_scoreboard
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY
    DENSE_RANK() OVER (PARTITION BY game_date, nba_game_id ORDER BY observed_at DESC, source_object DESC, source_generation DESC, parse_seq DESC) = 1
    AND ROW_NUMBER() OVER (PARTITION BY game_date, nba_game_id, observed_at, source_object, source_generation, parse_seq ORDER BY ingested_at) = 1
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
  d.game_code,
  d.game_status,
  d.game_status_text,
  d.period,
  d.game_clock,
  d.tipoff_at,
  d.home_team_id,
  d.home_team_tricode,
  d.home_team_score,
  d.home_team_wins,
  d.home_team_losses,
  d.away_team_id,
  d.away_team_tricode,
  d.away_team_score,
  d.away_team_wins,
  d.away_team_losses
FROM d
