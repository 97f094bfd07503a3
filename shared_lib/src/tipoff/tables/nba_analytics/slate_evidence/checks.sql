-- One statement, because each statement of a rebuild is billed. The error names every rule that is broken.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT
    CASE
      WHEN NOT r.known_at < r.cutoff_at
        THEN 'leak: evidence at or after the cutoff'
      WHEN (r.source = 'quote') != (r.team_abbr IS NULL) OR (r.source = 'quote') != (r.quoted_game_id IS NOT NULL)
        THEN 'source: a quote names a game, and other evidence a team'
      WHEN (r.source IN ('report', 'earlier_report')) != (r.ruled_out IS NOT NULL)
        THEN 'source: a report says whether he is ruled out, and other evidence does not'
    END AS problem
  FROM nba_analytics.slate_evidence AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT IF(COUNT(*) = COUNT(DISTINCT CONCAT(r.game_id, '|', r.person, '|', r.source, '|', COALESCE(r.team_abbr, ''), '|', COALESCE(r.player_lookup, ''), '|', COALESCE(CAST(r.evidence_date AS STRING), ''), '|', COALESCE(r.quoted_game_id, ''))), NULL,
    'duplicate_key: two rows of one key') AS problem
  FROM nba_analytics.slate_evidence AS r
  WHERE r.game_date BETWEEN @start_date AND @end_date
) AS p
WHERE p.problem IS NOT NULL;
