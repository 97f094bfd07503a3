SELECT
  m.source, m.game_date, m.team_abbr, m.player_lookup, m.player_name, m.row_count, m.first_seen_at, m.game_played
FROM nba_raw.name_matches AS m
WHERE m.matched_by IS NULL
