-- Composed from nba_landing.nbac_injury_report by tipoff.tables.raw_views; change that, not this.
WITH numbered AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY game_date ORDER BY observed_at, source_object, source_generation, parse_seq) AS document_number
  FROM nba_landing.nbac_injury_report
  WHERE game_date >= DATE '2000-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, observed_at, source_object, source_generation, parse_seq, report_at, row_kind, team_abbr, player_lookup, matchup ORDER BY ingested_at) = 1
),
d AS (
  SELECT *, MIN(observed_at) OVER (PARTITION BY game_date ORDER BY document_number RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_observed_at FROM numbered
)
SELECT
  d.source_object,
  d.source_generation,
  d.parse_seq,
  d.observed_at,
  d.ingested_at,
  d.game_date,
  d.row_kind,
  d.row_index,
  d.report_at,
  d.report_date,
  d.report_hour,
  d.coverage,
  d.time_basis,
  d.report_source,
  d.game_time_et,
  d.tipoff_printed_at,
  d.matchup,
  d.game_id,
  d.home_team_abbr,
  d.away_team_abbr,
  d.team,
  d.team_abbr,
  d.opponent_team_abbr,
  d.player_name_original,
  d.player_lookup,
  d.player_id,
  d.injury_status,
  d.reason,
  d.reason_category,
  d.confidence,
  COALESCE(d.player_id, p.player_id) AS resolved_player_id,
  d.observed_at AS known_from_at,
  COALESCE(d.next_observed_at, TIMESTAMP '9999-12-31 00:00:00+00') AS known_to_at
FROM d
LEFT JOIN nba_raw.players AS p ON p.player_lookup = d.player_lookup AND p.is_primary
