-- Games of the range on the newest schedule.
SELECT
  s.nba_game_id,
  s.game_date,
  s.season,
  s.away_team_tricode AS away,
  s.home_team_tricode AS home,
  s.tipoff_at,
  s.game_status = 3 AS is_final,
  s.postponed AS is_postponed
FROM nba_raw.nbac_schedule AS s
WHERE s.game_date BETWEEN @start_date AND @end_date AND NOT s.is_preseason AND NOT s.is_all_star
ORDER BY s.tipoff_at, s.nba_game_id
