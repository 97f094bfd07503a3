-- Billed bytes of the jobs of a day by their labels. A script's own row repeats the sum of its statements, so only its
-- statements are read: https://cloud.google.com/bigquery/docs/information-schema-jobs#schema
-- `region` is filled in, because the name of a view takes no parameter.
SELECT
  COALESCE((SELECT l.value FROM UNNEST(j.labels) AS l WHERE l.key = 'cause'), '') AS cause,
  COUNT(*) AS jobs,
  COALESCE(SUM(ARRAY_LENGTH(j.referenced_tables)), 0) AS named_tables,
  COALESCE(SUM(j.total_bytes_billed), 0) AS billed_bytes
FROM `region-{region}`.INFORMATION_SCHEMA.JOBS AS j
WHERE j.creation_time >= @start_at AND j.creation_time < @end_at
  AND j.job_type = 'QUERY' AND (j.statement_type IS NULL OR j.statement_type != 'SCRIPT')
GROUP BY cause
