-- What documents said of a player's date, oldest first: main lines of the books, and listings of the injury reports.
WITH told AS (
  SELECT q.snapshot_timestamp AS told_at, 'line' AS kind,
    STRING_AGG(DISTINCT FORMAT('%s %.1f', q.bookmaker, CAST(q.points_line AS FLOAT64)), ', '
      ORDER BY FORMAT('%s %.1f', q.bookmaker, CAST(q.points_line AS FLOAT64))) AS what,
    MIN(q.source_object) AS source_object
  FROM nba_raw.odds_api_player_points_props AS q
  WHERE q.game_date = @game_date AND q.player_lookup = @player_lookup AND q.is_main
  GROUP BY q.snapshot_timestamp
  UNION ALL
  SELECT MIN(r.report_at), 'report', CONCAT(r.injury_status, COALESCE(CONCAT(': ', r.reason), '')),
    ARRAY_AGG(r.source_object ORDER BY r.report_at, r.source_object LIMIT 1)[OFFSET(0)]
  FROM nba_landing.nbac_injury_report AS r
  WHERE r.game_date = @game_date AND r.row_kind = 'listing' AND r.player_lookup = @player_lookup
  GROUP BY r.injury_status, r.reason
)
SELECT t.told_at, t.kind, t.what, t.source_object
FROM told AS t
ORDER BY t.told_at DESC, t.kind, t.what
LIMIT 12
