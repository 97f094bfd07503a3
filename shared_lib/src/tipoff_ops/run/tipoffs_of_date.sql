-- First and last tip-off of a date, by the newest schedule.
SELECT
  MIN(g.tipoff_at) AS first_at,
  MAX(g.tipoff_at) AS last_at,
  COUNT(*) AS games
FROM nba_raw.games AS g
WHERE g.game_date = @game_date
