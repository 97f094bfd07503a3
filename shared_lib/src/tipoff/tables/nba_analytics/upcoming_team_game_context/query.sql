-- A team before a game, as known at the cutoff of the game: rest by the schedule in force, lines by the last quotes of
-- the books, injuries by the report in force, and form as known at the cutoff of the date.
WITH games AS (
  SELECT
    game_date, game_id, nba_game_id, season_year, is_playoffs, season_phase, tipoff_at, cutoff_at,
    home_team_abbr, away_team_abbr,
    -- The last digit of the id of a play-off game is its number in the series.
    IF(is_playoffs, COALESCE(series_game_number, SAFE_CAST(SUBSTR(nba_game_id, 10, 1) AS INT64)), NULL) AS series_game_number
  FROM nba_raw.games_asof(@as_of, @lead_minutes)
  WHERE game_date BETWEEN @start_date AND @end_date AND known_in_time
),
sides AS (
  SELECT *, home_team_abbr AS team_abbr, away_team_abbr AS opponent_team_abbr, TRUE AS home_game, 1 AS spread_sign FROM games
  UNION ALL
  SELECT *, away_team_abbr AS team_abbr, home_team_abbr AS opponent_team_abbr, FALSE AS home_game, -1 AS spread_sign FROM games
),
schedule AS (
  SELECT season_year, nba_game_id, game_date, home_team_tricode AS team_abbr, known_from_at, known_to_at
  FROM nba_raw.nbac_schedule_history
  WHERE SUBSTR(nba_game_id, 1, 3) IN ('002', '004', '005', '006')
  UNION ALL
  SELECT season_year, nba_game_id, game_date, away_team_tricode AS team_abbr, known_from_at, known_to_at
  FROM nba_raw.nbac_schedule_history
  WHERE SUBSTR(nba_game_id, 1, 3) IN ('002', '004', '005', '006')
),
rest AS (
  SELECT
    s.game_id, s.team_abbr, COUNT(*) AS games_before, MAX(h.game_date) AS last_game_date,
    SUM(IF(h.game_date >= DATE_SUB(s.game_date, INTERVAL 7 DAY), 1, 0)) AS games_in_last_7_days,
    SUM(IF(h.game_date >= DATE_SUB(s.game_date, INTERVAL 14 DAY), 1, 0)) AS games_in_last_14_days
  FROM sides AS s
  JOIN schedule AS h
    ON h.season_year = s.season_year AND h.team_abbr = s.team_abbr AND h.game_date < s.game_date
    AND h.known_from_at < s.cutoff_at AND s.cutoff_at <= h.known_to_at
  GROUP BY s.game_id, s.team_abbr
),
quotes AS (
  SELECT
    g.game_id, q.bookmaker_key, q.quoted_at, q.home_spread, q.total_points,
    q.home_spread IS NOT NULL AND g.cutoff_at <= q.spread_replaced_at AS is_current_spread,
    q.total_points IS NOT NULL AND g.cutoff_at <= q.total_replaced_at AS is_current_total,
    q.home_spread IS NOT NULL AND q.is_first_spread AS is_opening_spread,
    q.total_points IS NOT NULL AND q.is_first_total AS is_opening_total
  FROM games AS g
  JOIN nba_analytics.game_line_history AS q ON q.nba_game_id = g.nba_game_id AND q.quoted_at < g.cutoff_at
  WHERE q.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 3 DAY) AND DATE_ADD(@end_date, INTERVAL 3 DAY)
),
books AS (
  SELECT
    game_id, bookmaker_key,
    MAX(IF(is_opening_spread, home_spread, NULL)) AS opening_home_spread,
    MAX(IF(is_current_spread, home_spread, NULL)) AS home_spread,
    MAX(IF(is_opening_total, total_points, NULL)) AS opening_total,
    MAX(IF(is_current_total, total_points, NULL)) AS total,
    MAX(quoted_at) AS quoted_at
  FROM quotes
  GROUP BY game_id, bookmaker_key
),
sorted AS (
  SELECT
    game_id,
    ARRAY_AGG(home_spread IGNORE NULLS ORDER BY home_spread) AS spreads,
    ARRAY_AGG(opening_home_spread IGNORE NULLS ORDER BY opening_home_spread) AS opening_spreads,
    ARRAY_AGG(total IGNORE NULLS ORDER BY total) AS totals,
    ARRAY_AGG(opening_total IGNORE NULLS ORDER BY opening_total) AS opening_totals,
    MAX(quoted_at) AS line_quoted_at
  FROM books
  GROUP BY game_id
),
lines AS (
  SELECT
    game_id, line_quoted_at, ARRAY_LENGTH(spreads) AS spread_books, ARRAY_LENGTH(totals) AS total_books,
    (spreads[SAFE_OFFSET(DIV((ARRAY_LENGTH(spreads) - 1), 2))] + spreads[SAFE_OFFSET(DIV(ARRAY_LENGTH(spreads), 2))]) / 2
      AS home_spread,
    (opening_spreads[SAFE_OFFSET(DIV((ARRAY_LENGTH(opening_spreads) - 1), 2))]
      + opening_spreads[SAFE_OFFSET(DIV(ARRAY_LENGTH(opening_spreads), 2))]) / 2 AS opening_home_spread,
    (totals[SAFE_OFFSET(DIV((ARRAY_LENGTH(totals) - 1), 2))] + totals[SAFE_OFFSET(DIV(ARRAY_LENGTH(totals), 2))]) / 2
      AS game_total,
    (opening_totals[SAFE_OFFSET(DIV((ARRAY_LENGTH(opening_totals) - 1), 2))]
      + opening_totals[SAFE_OFFSET(DIV(ARRAY_LENGTH(opening_totals), 2))]) / 2 AS opening_total
  FROM sorted
),
reports AS (
  SELECT
    g.game_id, MAX(r.known_from_at) AS report_at,
    MAX(IF(r.row_kind = 'not_submitted' AND r.team_abbr = g.home_team_abbr, 1, 0)) AS home_silent,
    MAX(IF(r.row_kind = 'not_submitted' AND r.team_abbr = g.away_team_abbr, 1, 0)) AS away_silent
  FROM games AS g
  JOIN nba_raw.nbac_injury_report_history AS r
    ON r.game_date = g.game_date AND r.known_from_at < g.cutoff_at AND g.cutoff_at <= r.known_to_at
  WHERE r.game_date BETWEEN @start_date AND @end_date
  GROUP BY g.game_id
),
candidates AS (
  SELECT
    *,
    GREATEST(share_10_thousandths - expected_play_thousandths, 0) AS missing_thousandths,
    GREATEST(expected_play_thousandths - share_10_thousandths, 0) AS returning_thousandths,
    ROW_NUMBER() OVER (
      PARTITION BY game_id, team_abbr
      ORDER BY IF(usual_seconds_tenths >= 12000, 0, 1), usual_usage_hundredths DESC, player_id
    ) <= 2 AND usual_seconds_tenths >= 12000 AS is_star
  FROM nba_analytics.slate
  WHERE game_date BETWEEN @start_date AND @end_date AND slate_status IN ('active', 'out')
),
biggest AS (
  SELECT
    game_id, team_abbr, usual_points_hundredths * missing_thousandths AS missing_points,
    ROW_NUMBER() OVER (
      PARTITION BY game_id, team_abbr ORDER BY usual_points_hundredths * missing_thousandths DESC, player_id
    ) AS place
  FROM candidates
),
second AS (
  SELECT
    game_id, team_abbr,
    MAX(IF(place = 1, missing_points, 0)) AS biggest_missing_points, MAX(IF(place = 2, missing_points, 0)) AS second_missing_points
  FROM biggest
  GROUP BY game_id, team_abbr
),
news AS (
  SELECT
    game_id, team_abbr,
    COUNTIF(slate_status = 'out' AND start_rate_thousandths >= 500) AS starters_out_count,
    COUNTIF(injury_status = 'Questionable') AS questionable_players_count,
    COUNTIF(injury_status = 'Out') AS out_players_count,
    COUNTIF(is_star AND expected_play_thousandths <= 20) AS stars_out_count,
    SUM(usual_seconds_tenths * expected_play_thousandths) AS expected_seconds,
    SUM(usual_seconds_tenths * likely_play_thousandths) AS likely_seconds,
    SUM(usual_points_hundredths * likely_play_thousandths) AS likely_points,
    SUM(usual_seconds_tenths * (1000 * games_last_1 - expected_play_thousandths)) AS freed_seconds_last_1,
    SUM(usual_seconds_tenths * (share_5_thousandths - expected_play_thousandths)) AS freed_seconds_last_5,
    SUM(usual_seconds_tenths * missing_thousandths) AS missing_seconds,
    SUM(usual_points_hundredths * missing_thousandths) AS missing_points,
    SUM(DIV(usual_usage_hundredths * usual_seconds_tenths * missing_thousandths, 1000)) AS missing_usage_seconds,
    SUM(usual_seconds_tenths * returning_thousandths) AS returning_seconds,
    SUM(start_rate_thousandths * missing_thousandths) AS missing_starts,
    SUM(start_rate_thousandths * returning_thousandths) AS returning_starts
  FROM candidates
  GROUP BY game_id, team_abbr
)
SELECT
  s.game_date, s.game_id, s.nba_game_id, s.season_year, s.is_playoffs, s.season_phase, s.series_game_number,
  s.team_abbr, s.opponent_team_abbr, s.home_game, s.tipoff_at, s.cutoff_at,
  r.last_game_date,
  DATE_DIFF(s.game_date, r.last_game_date, DAY) AS days_since_last_game,
  DATE_DIFF(s.game_date, r.last_game_date, DAY) - 1 AS team_days_rest,
  COALESCE(DATE_DIFF(s.game_date, r.last_game_date, DAY) = 1, FALSE) AS is_back_to_back,
  COALESCE(r.games_before, 0) + 1 AS game_number_in_season,
  COALESCE(r.games_in_last_7_days, 0) AS games_in_last_7_days,
  COALESCE(r.games_in_last_14_days, 0) AS games_in_last_14_days,
  s.spread_sign * l.home_spread AS game_spread,
  l.game_total,
  s.spread_sign * l.opening_home_spread AS opening_spread,
  l.opening_total,
  s.spread_sign * (l.home_spread - l.opening_home_spread) AS spread_movement,
  l.game_total - l.opening_total AS total_movement,
  l.game_total / 2 - s.spread_sign * l.home_spread / 2 AS implied_team_total,
  l.spread_books, l.total_books, l.line_quoted_at,
  p.report_at,
  CASE WHEN p.report_at IS NULL THEN NULL ELSE IF(s.home_game, p.home_silent, p.away_silent) = 0 END AS report_submitted,
  COALESCE(n.starters_out_count, 0) AS starters_out_count,
  COALESCE(n.questionable_players_count, 0) AS questionable_players_count,
  COALESCE(n.out_players_count, 0) AS out_players_count,
  COALESCE(n.stars_out_count, 0) AS stars_out_count,
  COALESCE(n.expected_seconds, 0) AS expected_seconds,
  COALESCE(n.likely_seconds, 0) AS likely_seconds,
  COALESCE(n.likely_points, 0) AS likely_points,
  COALESCE(n.freed_seconds_last_1, 0) AS freed_seconds_last_1,
  COALESCE(n.freed_seconds_last_5, 0) AS freed_seconds_last_5,
  COALESCE(n.missing_seconds, 0) AS missing_seconds,
  COALESCE(n.missing_points, 0) AS missing_points,
  COALESCE(n.missing_usage_seconds, 0) AS missing_usage_seconds,
  COALESCE(n.returning_seconds, 0) AS returning_seconds,
  COALESCE(n.missing_starts, 0) AS missing_starts,
  COALESCE(n.returning_starts, 0) AS returning_starts,
  COALESCE(b.biggest_missing_points, 0) AS biggest_missing_points,
  COALESCE(b.second_missing_points, 0) AS second_missing_points,
  COALESCE(f.games_season, 0) AS games_season,
  COALESCE(f.wins_season, 0) AS wins_season,
  COALESCE(f.win_streak, 0) AS team_win_streak_entering,
  COALESCE(f.loss_streak, 0) AS team_loss_streak_entering,
  f.last_game_margin,
  CASE WHEN f.last_game_margin > 0 THEN 'W' WHEN f.last_game_margin < 0 THEN 'L' END AS last_game_result,
  SAFE_DIVIDE(f.points_last_10 - f.opponent_points_last_10, LEAST(f.games_season, 10)) AS margin_last_10,
  SAFE_DIVIDE(10000 * f.points_last_10, f.possessions_hundredths_last_10) AS offensive_rating_last_10,
  SAFE_DIVIDE(10000 * f.opponent_points_last_10, f.opponent_possessions_hundredths_last_10) AS defensive_rating_last_10,
  SAFE_DIVIDE(1440 * f.possessions_hundredths_last_10, f.seconds_tenths_last_10) AS pace_last_10,
  SAFE_DIVIDE(f.opponent_ft_attempts_last_10, f.opponent_fg_attempts_last_10) AS ft_rate_allowed_last_10
FROM sides AS s
LEFT JOIN rest AS r ON r.game_id = s.game_id AND r.team_abbr = s.team_abbr
LEFT JOIN lines AS l ON l.game_id = s.game_id
LEFT JOIN reports AS p ON p.game_id = s.game_id
LEFT JOIN news AS n ON n.game_id = s.game_id AND n.team_abbr = s.team_abbr
LEFT JOIN second AS b ON b.game_id = s.game_id AND b.team_abbr = s.team_abbr
LEFT JOIN nba_analytics.team_recent_form AS f
  ON f.game_date = s.game_date AND f.team_abbr = s.team_abbr AND f.game_date BETWEEN @start_date AND @end_date
