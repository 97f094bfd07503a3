-- `reconcile` and `tipoff status` run this check of a view. The error names each date and source that fails.
SELECT IF(COUNT(*) = 0, TRUE, ERROR(STRING_AGG(p.problem, ' | ' ORDER BY p.problem))) AS holds
FROM (
  SELECT CONCAT(
    'unmatched_names: ', s.source, ' ', CAST(s.game_date AS STRING), ': ', CAST(s.unmatched_rows AS STRING), ' of ',
    CAST(s.row_count AS STRING), ' rows: ', s.unmatched_names
  ) AS problem
  FROM nba_raw.name_match_shares AS s
  WHERE s.game_date BETWEEN @start_date AND @end_date AND s.unmatched_share > 0.005
) AS p;
