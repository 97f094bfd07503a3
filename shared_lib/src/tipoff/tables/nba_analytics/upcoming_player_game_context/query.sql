-- Each candidate of a game, with what is known about him and the game at the cutoff of the game. A sum over teammates is
-- the sum over the team without the player's own value.
WITH candidates AS (
  SELECT
    *,
    GREATEST(share_10_thousandths - expected_play_thousandths, 0) AS missing_thousandths,
    GREATEST(expected_play_thousandths - share_10_thousandths, 0) AS returning_thousandths,
    slate_status != 'unresolved' AS counts,
    ROW_NUMBER() OVER (
      PARTITION BY game_id, team_abbr, slate_status = 'unresolved'
      ORDER BY IF(usual_seconds_tenths >= 12000, 0, 1), usual_usage_hundredths DESC, player_id
    ) <= 2 AND usual_seconds_tenths >= 12000 AND slate_status != 'unresolved' AS is_star,
    SUM(IF(expected_play_thousandths > 500 AND slate_status != 'unresolved', 1, 0)) OVER (
      PARTITION BY game_id, team_abbr ORDER BY -usual_seconds_tenths
      RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS minutes_rank
  FROM nba_analytics.slate
  WHERE game_date BETWEEN @start_date AND @end_date
),
lines AS (
  SELECT
    c.game_id, c.player_id, r.points_line AS current_points_line, r.opening_points_line, r.line_books AS points_line_books,
    r.quoted_at AS line_quoted_at, r.book_lines
  FROM candidates AS c
  JOIN nba_analytics.player_reference_line_history AS r
    ON r.game_date = c.game_date AND r.nba_game_id = c.nba_game_id AND r.player_id = c.player_id
    AND r.in_force_from_at < c.cutoff_at AND c.cutoff_at <= r.in_force_to_at
  WHERE r.game_date BETWEEN @start_date AND @end_date
),
versus AS (
  SELECT c.game_id, c.player_id, COUNT(*) AS games_vs_opponent, SUM(h.points) AS points_vs_opponent
  FROM candidates AS c
  JOIN nba_analytics.player_recent_form AS d ON d.game_date = c.game_date AND d.player_id = c.player_id
  JOIN nba_analytics.player_game_summary_history AS h
    ON h.player_id = c.player_id AND h.opponent_team_abbr = c.opponent_team_abbr AND h.game_date < c.game_date
    AND h.season_year >= c.season_year - 1 AND h.known_from_at < d.cutoff_at AND d.cutoff_at <= h.known_to_at
  WHERE h.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 660 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
    AND d.game_date BETWEEN @start_date AND @end_date
  GROUP BY c.game_id, c.player_id
),
league AS (
  SELECT
    game_date,
    SAFE_DIVIDE(1440 * MAX(league_possessions_hundredths_last_30_days), MAX(league_seconds_tenths_last_30_days)) AS league_pace
  FROM nba_analytics.team_recent_form
  WHERE game_date BETWEEN @start_date AND @end_date
  GROUP BY game_date
)
SELECT
  c.game_date, c.game_id, c.nba_game_id, c.season_year, t.is_playoffs, t.season_phase, t.series_game_number,
  t.tipoff_at, c.cutoff_at,
  c.player_id, c.player_lookup, c.player_full_name, c.team_abbr, c.opponent_team_abbr, c.is_home AS home_game,
  c.slate_status, c.injury_status AS player_status, c.injury_reason AS injury_report, c.report_at,
  t.report_submitted AS team_report_submitted, c.play_probability, c.expected_play_thousandths,
  c.share_10_thousandths, c.share_5_thousandths, c.healthy_share_thousandths,
  c.by_appearance, c.by_last_season, c.by_report, c.by_quote, c.by_roster, c.team_is_inferred,
  t.team_days_rest AS days_rest, t.is_back_to_back AS back_to_back, o.team_days_rest AS opponent_days_rest,
  t.game_number_in_season AS team_season_game_number,
  DATE_DIFF(c.game_date, f.last_game_date, DAY) AS days_since_last_appearance,
  c.team_games_last_10, c.team_games_last_10 - c.games_last_10 AS team_games_missed_last_10,
  COALESCE(f.games_last_7_days, 0) AS games_in_last_7_days,
  COALESCE(f.games_last_14_days, 0) AS games_in_last_14_days,
  COALESCE(f.seconds_tenths_last_7_days, 0) / 600 AS minutes_in_last_7_days,
  COALESCE(f.seconds_tenths_last_14_days, 0) / 600 AS minutes_in_last_14_days,
  SAFE_DIVIDE(f.seconds_tenths_last_7_days, 600 * f.games_last_7_days) AS avg_minutes_per_game_last_7,
  COALESCE(f.back_to_backs_last_14_days, 0) AS back_to_backs_last_14_days,
  SAFE_DIVIDE(f.points_last_5, LEAST(f.games_season, 5)) AS points_avg_last_5,
  SAFE_DIVIDE(f.points_last_10, LEAST(f.games_season, 10)) AS points_avg_last_10,
  LEAST(COALESCE(f.games_season, 0), 5) AS l5_games_used,
  LEAST(COALESCE(f.games_season, 0), 10) AS l10_games_used,
  v.points_vs_opponent, COALESCE(v.games_vs_opponent, 0) AS games_vs_opponent,
  l.current_points_line, l.opening_points_line, l.current_points_line - l.opening_points_line AS line_movement,
  l.current_points_line IS NOT NULL AS has_prop_line,
  IF(l.current_points_line IS NULL, NULL, 'reference') AS current_points_line_source,
  IF(l.opening_points_line IS NULL, NULL, 'reference') AS opening_points_line_source,
  COALESCE(l.points_line_books, 0) AS points_line_books, l.line_quoted_at,
  COALESCE(l.book_lines, []) AS book_lines,
  COALESCE(f.over_streak, 0) AS prop_over_streak, COALESCE(f.under_streak, 0) AS prop_under_streak,
  t.game_spread, t.game_total, t.opening_spread, t.opening_total, t.spread_movement, t.total_movement,
  t.implied_team_total, o.implied_team_total AS opponent_implied_total,
  o.defensive_rating_last_10 AS opponent_def_rating_last_10, o.pace_last_10 AS opponent_pace_last_10,
  o.ft_rate_allowed_last_10 AS opponent_ft_rate_allowed, o.pace_last_10 - g.league_pace AS pace_differential,
  t.margin_last_10 AS team_margin_last_10, o.margin_last_10 AS opponent_margin_last_10,
  c.usual_seconds_tenths / 600 AS usual_minutes,
  c.minutes_rank,
  (t.expected_seconds - IF(c.counts, c.usual_seconds_tenths * c.expected_play_thousandths, 0)) / 600000
    AS teammates_expected_minutes,
  c.likely_play_thousandths,
  (t.likely_seconds - IF(c.counts, c.usual_seconds_tenths * c.likely_play_thousandths, 0)) / 600000
    AS teammates_likely_minutes,
  (t.likely_points - IF(c.counts, c.usual_points_hundredths * c.likely_play_thousandths, 0)) / 100000
    AS teammates_likely_points,
  (t.freed_seconds_last_1 - IF(c.counts, c.usual_seconds_tenths * (1000 * c.games_last_1 - c.expected_play_thousandths), 0))
    / 600000 AS teammates_minutes_change_1,
  (t.freed_seconds_last_5
    - IF(c.counts, c.usual_seconds_tenths * (c.share_5_thousandths - c.expected_play_thousandths), 0)) / 600000
    AS teammates_minutes_change_5,
  (t.missing_seconds - IF(c.counts, c.usual_seconds_tenths * c.missing_thousandths, 0)) / 600000 AS teammates_out_minutes,
  (t.missing_points - IF(c.counts, c.usual_points_hundredths * c.missing_thousandths, 0)) / 100000 AS teammates_out_points,
  (t.missing_usage_seconds
    - IF(c.counts, DIV(c.usual_usage_hundredths * c.usual_seconds_tenths * c.missing_thousandths, 1000), 0)) / 2880000
    AS teammates_out_usage,
  (t.returning_seconds - IF(c.counts, c.usual_seconds_tenths * c.returning_thousandths, 0)) / 600000
    AS teammates_returning_minutes,
  (t.missing_starts - IF(c.counts, c.start_rate_thousandths * c.missing_thousandths, 0)) / 1000000 AS teammates_out_starts,
  (t.returning_starts - IF(c.counts, c.start_rate_thousandths * c.returning_thousandths, 0)) / 1000000
    AS teammates_returning_starts,
  IF(c.counts AND c.usual_points_hundredths * c.missing_thousandths = t.biggest_missing_points,
    t.second_missing_points, t.biggest_missing_points) / 100000 AS biggest_out_points,
  t.stars_out_count - IF(c.is_star AND c.expected_play_thousandths <= 20, 1, 0) AS star_teammates_out,
  t.questionable_players_count - IF(c.counts AND c.injury_status = 'Questionable', 1, 0) AS questionable_teammates,
  o.missing_seconds / 600000 AS opponent_out_minutes,
  o.returning_seconds / 600000 AS opponent_returning_minutes,
  SAFE_DIVIDE(2000 * f.plays_hundredths_last_7_days * f.team_seconds_tenths_last_7_days,
    f.seconds_tenths_last_7_days * f.team_plays_hundredths_last_7_days) / 100 AS usage_rate_last_7_days,
  c.usual_usage_hundredths / 100 AS usage_rate_last_10,
  -- The usage of absent teammates is divided among the others in proportion to their own usage.
  c.usual_usage_hundredths / (100 - LEAST(60, (t.missing_usage_seconds
    - IF(c.counts, DIV(c.usual_usage_hundredths * c.usual_seconds_tenths * c.missing_thousandths, 1000), 0)) / 2880000))
    AS projected_usage_rate
FROM candidates AS c
LEFT JOIN nba_analytics.upcoming_team_game_context AS t
  ON t.game_id = c.game_id AND t.team_abbr = c.team_abbr AND t.game_date = c.game_date
  AND t.game_date BETWEEN @start_date AND @end_date
LEFT JOIN nba_analytics.upcoming_team_game_context AS o
  ON o.game_id = c.game_id AND o.team_abbr = c.opponent_team_abbr AND o.game_date = c.game_date
  AND o.game_date BETWEEN @start_date AND @end_date
LEFT JOIN nba_analytics.player_recent_form AS f
  ON f.game_date = c.game_date AND f.player_id = c.player_id AND f.game_date BETWEEN @start_date AND @end_date
LEFT JOIN versus AS v ON v.game_id = c.game_id AND v.player_id = c.player_id
LEFT JOIN lines AS l ON l.game_id = c.game_id AND l.player_id = c.player_id
LEFT JOIN league AS g ON g.game_date = c.game_date
