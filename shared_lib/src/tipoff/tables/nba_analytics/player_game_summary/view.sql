SELECT * EXCEPT (known_to_at)
FROM nba_analytics.player_game_summary_history
WHERE known_to_at = TIMESTAMP '9999-12-31 00:00:00+00'
