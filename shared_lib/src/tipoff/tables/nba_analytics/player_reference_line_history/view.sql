-- The only definition of the reference line. Readers join this view on their own cutoff.
-- The main line of a book is in force from its snapshot until the next snapshot of the book. A change by any book starts
-- a new row.
WITH instants AS (
  SELECT
    l.*,
    ROW_NUMBER() OVER (
      PARTITION BY l.game_date, l.nba_game_id, l.player_id, l.quoted_at ORDER BY l.bookmaker
    ) = 1 AS starts_row
  FROM nba_analytics.player_line_history AS l
),
quotes AS (
  SELECT
    i.*,
    ARRAY_AGG(IF(i.starts_row, i.quoted_at, NULL)) OVER (
      PARTITION BY i.game_date, i.nba_game_id, i.player_id
    ) AS changes
  FROM instants AS i
),
in_force AS (
  SELECT
    q.game_date,
    q.nba_game_id,
    q.game_id,
    q.player_id,
    c AS in_force_from_at,
    COUNT(*) AS line_books,
    -- The lower median: of two middle books, the one with the lower line; of equal lines, the first book by name.
    ARRAY_AGG(
      STRUCT(
        q.points_line AS points_line, q.bookmaker AS bookmaker, q.over_price_american AS over_price_american,
        q.under_price_american AS under_price_american, q.quoted_at AS quoted_at
      ) ORDER BY q.points_line, q.bookmaker
    )[SAFE_OFFSET(DIV(COUNT(*) - 1, 2))] AS reference,
    ARRAY_AGG(q.opening_points_line ORDER BY q.opening_points_line)[SAFE_OFFSET(DIV(COUNT(*) - 1, 2))]
      AS opening_points_line,
    ARRAY_AGG(
      STRUCT(
        q.bookmaker AS bookmaker, q.opening_points_line AS opening_line, q.points_line AS current_line,
        q.points_line - q.opening_points_line AS line_movement, q.over_price_american AS over_price_american,
        q.under_price_american AS under_price_american, q.quoted_at AS quoted_at
      ) ORDER BY q.bookmaker
    ) AS book_lines
  FROM quotes AS q
  CROSS JOIN UNNEST(q.changes) AS c
  WHERE q.quoted_at <= c AND c < q.replaced_at
  GROUP BY q.game_date, q.nba_game_id, q.game_id, q.player_id, c
)
SELECT
  f.game_date,
  f.nba_game_id,
  f.game_id,
  f.player_id,
  f.in_force_from_at,
  COALESCE(
    LEAD(f.in_force_from_at) OVER (
      PARTITION BY f.game_date, f.nba_game_id, f.player_id ORDER BY f.in_force_from_at
    ),
    TIMESTAMP '9999-12-31 00:00:00+00'
  ) AS in_force_to_at,
  f.reference.points_line AS points_line,
  f.reference.bookmaker AS bookmaker,
  f.reference.over_price_american AS over_price_american,
  f.reference.under_price_american AS under_price_american,
  f.reference.quoted_at AS quoted_at,
  f.line_books,
  f.opening_points_line,
  f.book_lines
FROM in_force AS f
