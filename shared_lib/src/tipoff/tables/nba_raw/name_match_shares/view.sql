SELECT
  m.source,
  m.game_date,
  SUM(m.row_count) AS row_count,
  SUM(IF(m.matched_by IS NULL, m.row_count, 0)) AS unmatched_rows,
  SUM(IF(m.matched_by IS NULL, m.row_count, 0)) / SUM(m.row_count) AS unmatched_share,
  STRING_AGG(DISTINCT IF(m.matched_by IS NULL, m.player_name, NULL), '; ' ORDER BY IF(m.matched_by IS NULL, m.player_name, NULL))
    AS unmatched_names
FROM nba_raw.name_matches AS m
WHERE m.game_played
GROUP BY m.source, m.game_date
