-- Entries in quarantine, newest first; an empty @code, @source_object or @level matches all entries.
SELECT
  q.source, q.level, q.source_object, q.source_generation, q.row_index, q.code, q.field, q.value, q.rule, q.message,
  q.copy_object, q.first_seen_at, q.last_seen_at, q.times_seen, q.replayed_at, q.release
FROM nba_ops.quarantine AS q
WHERE (@code = '' OR q.code = @code) AND (@source_object = '' OR q.source_object = @source_object)
  AND (@level = '' OR q.level = @level)
ORDER BY q.last_seen_at DESC, q.source_object, q.row_index, q.code
