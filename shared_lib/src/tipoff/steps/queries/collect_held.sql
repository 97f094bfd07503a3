-- What is committed of each game of the range, by source.
SELECT DISTINCT b.nba_game_id, 'nbac_boxscore' AS source
FROM nba_raw.nbac_player_boxscores AS b
WHERE b.game_date BETWEEN @start_date AND @end_date
UNION ALL
SELECT DISTINCT p.nba_game_id, 'nbac_play_by_play' AS source
FROM nba_raw.nbac_play_by_play AS p
WHERE p.game_date BETWEEN @start_date AND @end_date
UNION ALL
SELECT DISTINCT l.nba_game_id, 'odds_api_game_lines' AS source
FROM nba_raw.odds_api_game_lines AS l
WHERE l.game_date BETWEEN @start_date AND @end_date AND l.nba_game_id IS NOT NULL
UNION ALL
SELECT DISTINCT q.nba_game_id, 'odds_api_player_props' AS source
FROM nba_raw.odds_api_player_points_props AS q
WHERE q.game_date BETWEEN @start_date AND @end_date AND q.nba_game_id IS NOT NULL
