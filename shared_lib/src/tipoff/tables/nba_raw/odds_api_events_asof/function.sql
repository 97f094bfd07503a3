-- Composed from nba_landing.odds_api_events by tipoff.tables.raw_views; change that, not this.
SELECT
  h.source_object,
  h.source_generation,
  h.parse_seq,
  h.observed_at,
  h.ingested_at,
  h.odds_api_event_id,
  h.requested_date,
  h.snapshot_timestamp,
  h.previous_snapshot_timestamp,
  h.next_snapshot_timestamp,
  h.sport_key,
  h.sport_title,
  h.commence_time,
  h.game_date,
  h.home_team,
  h.away_team,
  h.home_team_abbr,
  h.away_team_abbr,
  h.data_source,
  h.nba_game_id,
  h.platform_game_id,
  h.tipoff_at
FROM nba_raw.odds_api_events_history AS h
WHERE h.known_from_at < as_of AND as_of <= h.known_to_at
