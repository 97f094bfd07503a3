-- The schedule row of record of each game: the newest one known before the tip-off that it states, else the earliest.
SELECT
  s.nba_game_id,
  s.game_id,
  s.game_date,
  s.season_year,
  s.season_type,
  s.is_playoffs,
  s.home_team_abbr,
  s.away_team_abbr,
  s.tipoff_at,
  COALESCE(s.postponed_status IN ('Y', 'P'), FALSE) AS postponed
FROM nba_raw.nbac_schedule_history AS s
WHERE s.game_id IS NOT NULL
  AND s.season_type IN ('regular_season', 'playoffs', 'play_in', 'cup_final')
  AND s.known_from_at < s.known_to_at
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY s.nba_game_id
  ORDER BY
    IF(s.known_from_at < s.tipoff_at, UNIX_MICROS(s.known_from_at), -UNIX_MICROS(s.known_from_at)) DESC,
    s.source_object
) = 1
