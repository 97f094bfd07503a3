-- Integer sums over the last games of a player, as known at the cutoff of the date. Readers divide once. A window has
-- appearances of this season before the date. Columns named prior_season, weighted, newest or two_seasons also use the
-- season before.
WITH games AS (
  SELECT game_date, season_year, cutoff_at, home_team_abbr, away_team_abbr
  FROM nba_raw.games_asof(@as_of, @lead_minutes)
  WHERE game_date BETWEEN @start_date AND @end_date AND known_in_time
),
dates AS (
  SELECT game_date, MAX(season_year) AS season_year, MIN(cutoff_at) AS cutoff_at FROM games GROUP BY game_date
),
playing AS (
  SELECT game_date, home_team_abbr AS team_abbr FROM games
  UNION DISTINCT
  SELECT game_date, away_team_abbr AS team_abbr FROM games
),
history AS (
  SELECT
    game_date, season_year, nba_game_id, known_from_at, known_to_at, player_id, points, seconds_tenths, starter_flag,
    fg_attempts, ft_attempts, ft_makes, paint_attempts, paint_makes, mid_range_attempts, mid_range_makes,
    three_attempts, three_makes, assisted_fg_makes, unassisted_fg_makes, team_seconds_tenths, over_under_result,
    three_pt_attempts, assists, total_rebounds,
    100 * fg_attempts + 44 * ft_attempts + 100 * turnovers AS plays_hundredths,
    100 * team_fg_attempts + 44 * team_ft_attempts + 100 * team_turnovers AS team_plays_hundredths
  FROM nba_analytics.player_game_summary_history
  WHERE game_date BETWEEN DATE_SUB(@start_date, INTERVAL 660 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
),
people AS (
  SELECT game_date, player_id, player_lookup, player_full_name, team_abbr, season_year, known_from_at, known_to_at
  FROM nba_analytics.player_game_summary_history
  WHERE game_date BETWEEN DATE_SUB(@start_date, INTERVAL 660 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
),
members AS (
  SELECT player_id, player_lookup, team_abbr, season_year, MIN(known_from_at) AS known_from_at
  FROM people
  GROUP BY player_id, player_lookup, team_abbr, season_year
),
named AS (
  SELECT d.game_date, r.player_lookup
  FROM dates AS d
  JOIN nba_raw.nbac_injury_report_history AS r
    ON r.game_date = d.game_date AND r.known_from_at < d.cutoff_at AND d.cutoff_at <= r.known_to_at
  WHERE r.row_kind = 'listing' AND r.game_date BETWEEN @start_date AND @end_date
  UNION DISTINCT
  SELECT d.game_date, q.player_lookup
  FROM dates AS d
  JOIN nba_analytics.player_line_history AS q ON q.game_date = d.game_date AND q.quoted_at < d.cutoff_at
  WHERE q.game_date BETWEEN @start_date AND @end_date
),
candidates AS (
  SELECT d.game_date, m.player_id, d.season_year, d.cutoff_at
  FROM dates AS d
  JOIN playing AS p ON p.game_date = d.game_date
  JOIN members AS m ON m.team_abbr = p.team_abbr AND m.known_from_at < d.cutoff_at
  WHERE m.season_year IN (d.season_year, d.season_year - 1)
  UNION DISTINCT
  SELECT d.game_date, m.player_id, d.season_year, d.cutoff_at
  FROM dates AS d
  JOIN named AS n ON n.game_date = d.game_date
  JOIN members AS m ON m.player_lookup = n.player_lookup AND m.known_from_at < d.cutoff_at
  WHERE m.season_year IN (d.season_year, d.season_year - 1)
),
reach AS (
  SELECT
    c.game_date, c.player_id, c.cutoff_at, c.season_year - years_back AS season_year, years_back = 0 AS this_season,
    DATE_SUB(c.game_date, INTERVAL 300 DAY) AS oldest_date
  FROM candidates AS c
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, 1)) AS years_back
),
appearances AS (
  SELECT
    r.game_date AS target_date, r.player_id, r.this_season,
    h.* EXCEPT (player_id, season_year, known_to_at),
    ROW_NUMBER() OVER newest AS k,
    LEAD(h.game_date) OVER newest AS older_game_date,
    SUM(IF(h.over_under_result IN ('OVER', 'UNDER'), 1, 0)) OVER newest AS graded_n
  FROM reach AS r
  JOIN history AS h
    ON h.player_id = r.player_id AND h.season_year = r.season_year AND h.game_date < r.game_date
    AND h.known_from_at < r.cutoff_at AND r.cutoff_at <= h.known_to_at
  WHERE r.this_season OR h.game_date >= r.oldest_date
  WINDOW newest AS (PARTITION BY r.game_date, r.player_id ORDER BY h.game_date DESC, h.nba_game_id DESC)
),
weights AS (
  SELECT
    k,
    CAST(ROUND(1000000 * POW(0.5, (k - 1) / 3)) AS INT64) AS weight_3,
    CAST(ROUND(1000000 * POW(0.5, (k - 1) / 6)) AS INT64) AS weight_6,
    CAST(ROUND(1000000 * POW(0.5, (k - 1) / 15)) AS INT64) AS weight_15,
    CAST(ROUND(1000000 * POW(0.5, (k - 1) / 40)) AS INT64) AS weight_40
  FROM UNNEST(GENERATE_ARRAY(1, 40)) AS k
),
numbered AS (
  SELECT
    a.*,
    -- Newest first: for the games of this season, the rank is the rank within the season.
    IF(a.this_season, a.k, NULL) AS n,
    w.weight_3, w.weight_6, w.weight_15, w.weight_40
  FROM appearances AS a
  LEFT JOIN weights AS w ON w.k = a.k
  WHERE a.this_season OR a.k <= 40
),
windows AS (
  SELECT
    target_date, player_id,
    MAX(known_from_at) AS known_at_windows,
    COUNTIF(this_season) AS games_season,
    MAX(IF(this_season, game_date, NULL)) AS last_game_date_this_season,
    SUM(IF(this_season, points, 0)) AS points_season,
    SUM(IF(this_season, seconds_tenths, 0)) AS seconds_tenths_season,
    SUM(IF(this_season, plays_hundredths, 0)) AS plays_hundredths_season,
    SUM(IF(this_season, team_plays_hundredths, 0)) AS team_plays_hundredths_season,
    SUM(IF(this_season, team_seconds_tenths, 0)) AS team_seconds_tenths_season,
    SUM(IF(n <= 3, points, 0)) AS points_last_3,
    SUM(IF(n <= 5, points, 0)) AS points_last_5,
    SUM(IF(n <= 10, points, 0)) AS points_last_10,
    SUM(IF(n <= 20, points, 0)) AS points_last_20,
    SUM(IF(n <= 10, points * points, 0)) AS points_squared_last_10,
    SUM(IF(n <= 2, points, 0)) AS points_newest_2,
    SUM(IF(n BETWEEN 3 AND 5, points, 0)) AS points_older_3,
    SUM(points * weight_3) AS points_weighted_3,
    SUM(seconds_tenths * weight_3) AS seconds_tenths_weighted_3,
    SUM(weight_3) AS weight_3,
    SUM(points * weight_6) AS points_weighted_6,
    SUM(seconds_tenths * weight_6) AS seconds_tenths_weighted_6,
    SUM(weight_6) AS weight_6,
    SUM(points * weight_15) AS points_weighted_15,
    SUM(seconds_tenths * weight_15) AS seconds_tenths_weighted_15,
    SUM(weight_15) AS weight_15,
    SUM(points * weight_40) AS points_weighted_40,
    SUM(seconds_tenths * weight_40) AS seconds_tenths_weighted_40,
    SUM(weight_40) AS weight_40,
    SUM(IF(k <= 40, 1, 0)) AS games_weighted,
    SUM(IF(k = 1, seconds_tenths, 0)) AS seconds_tenths_newest,
    SUM(IF(k = 1 AND starter_flag, 1, 0)) AS starts_newest,
    MAX(IF(n <= 10, seconds_tenths, NULL)) AS seconds_tenths_max_last_10,
    MIN(IF(n <= 10, seconds_tenths, NULL)) AS seconds_tenths_min_last_10,
    SUM(IF(n <= 10, three_pt_attempts, 0)) AS three_pt_attempts_last_10,
    SUM(IF(k <= 20, assists, 0)) AS assists_newest_20,
    SUM(IF(k <= 20, total_rebounds, 0)) AS rebounds_newest_20,
    SUM(IF(k <= 20, seconds_tenths, 0)) AS seconds_tenths_newest_20,
    SUM(IF(n <= 5, seconds_tenths, 0)) AS seconds_tenths_last_5,
    SUM(IF(n <= 10, seconds_tenths, 0)) AS seconds_tenths_last_10,
    SUM(IF(n <= 10, seconds_tenths * seconds_tenths, 0)) AS seconds_tenths_squared_last_10,
    SUM(IF(n <= 10, fg_attempts, 0)) AS fg_attempts_last_10,
    SUM(IF(n <= 10, ft_attempts, 0)) AS ft_attempts_last_10,
    SUM(IF(n <= 10, ft_makes, 0)) AS ft_makes_last_10,
    SUM(IF(n <= 5, plays_hundredths, 0)) AS plays_hundredths_last_5,
    SUM(IF(n <= 5, team_plays_hundredths, 0)) AS team_plays_hundredths_last_5,
    SUM(IF(n <= 5, team_seconds_tenths, 0)) AS team_seconds_tenths_last_5,
    SUM(IF(n <= 10, plays_hundredths, 0)) AS plays_hundredths_last_10,
    SUM(IF(n <= 10, team_plays_hundredths, 0)) AS team_plays_hundredths_last_10,
    SUM(IF(n <= 10, team_seconds_tenths, 0)) AS team_seconds_tenths_last_10,
    SUM(IF(n <= 5 AND starter_flag, 1, 0)) AS starts_last_5,
    SUM(IF(n <= 10 AND paint_attempts IS NOT NULL, 1, 0)) AS zone_games_last_10,
    SUM(IF(n <= 10, COALESCE(paint_attempts, 0), 0)) AS paint_attempts_last_10,
    SUM(IF(n <= 10, COALESCE(paint_makes, 0), 0)) AS paint_makes_last_10,
    SUM(IF(n <= 10, COALESCE(mid_range_attempts, 0), 0)) AS mid_range_attempts_last_10,
    SUM(IF(n <= 10, COALESCE(mid_range_makes, 0), 0)) AS mid_range_makes_last_10,
    SUM(IF(n <= 10, COALESCE(three_attempts, 0), 0)) AS three_attempts_last_10,
    SUM(IF(n <= 10, COALESCE(three_makes, 0), 0)) AS three_makes_last_10,
    SUM(IF(n <= 10, COALESCE(assisted_fg_makes, 0), 0)) AS assisted_makes_last_10,
    SUM(IF(n <= 10, COALESCE(unassisted_fg_makes, 0), 0)) AS unassisted_makes_last_10,
    SUM(IF(n <= 20 AND paint_attempts IS NOT NULL, 1, 0)) AS zone_games_last_20,
    SUM(IF(n <= 20, COALESCE(paint_attempts, 0), 0)) AS paint_attempts_last_20,
    SUM(IF(n <= 20, COALESCE(paint_makes, 0), 0)) AS paint_makes_last_20,
    SUM(IF(n <= 20, COALESCE(mid_range_attempts, 0), 0)) AS mid_range_attempts_last_20,
    SUM(IF(n <= 20, COALESCE(mid_range_makes, 0), 0)) AS mid_range_makes_last_20,
    SUM(IF(n <= 20, COALESCE(three_attempts, 0), 0)) AS three_attempts_last_20,
    SUM(IF(n <= 20, COALESCE(three_makes, 0), 0)) AS three_makes_last_20,
    SUM(IF(game_date >= DATE_SUB(target_date, INTERVAL 7 DAY), 1, 0)) AS games_last_7_days,
    SUM(IF(game_date >= DATE_SUB(target_date, INTERVAL 14 DAY), 1, 0)) AS games_last_14_days,
    SUM(IF(game_date >= DATE_SUB(target_date, INTERVAL 7 DAY), seconds_tenths, 0)) AS seconds_tenths_last_7_days,
    SUM(IF(game_date >= DATE_SUB(target_date, INTERVAL 14 DAY), seconds_tenths, 0)) AS seconds_tenths_last_14_days,
    SUM(IF(game_date >= DATE_SUB(target_date, INTERVAL 7 DAY), plays_hundredths, 0)) AS plays_hundredths_last_7_days,
    SUM(IF(game_date >= DATE_SUB(target_date, INTERVAL 7 DAY), team_plays_hundredths, 0))
      AS team_plays_hundredths_last_7_days,
    SUM(IF(game_date >= DATE_SUB(target_date, INTERVAL 7 DAY), team_seconds_tenths, 0))
      AS team_seconds_tenths_last_7_days,
    SUM(IF(older_game_date >= DATE_SUB(target_date, INTERVAL 14 DAY) AND DATE_DIFF(game_date, older_game_date, DAY) = 1, 1, 0))
      AS back_to_backs_last_14_days,
    COALESCE(MIN(IF(this_season AND over_under_result = 'UNDER', graded_n, NULL)) - 1, MAX(IF(this_season, graded_n, NULL))) AS over_streak,
    COALESCE(MIN(IF(this_season AND over_under_result = 'OVER', graded_n, NULL)) - 1, MAX(IF(this_season, graded_n, NULL))) AS under_streak
  FROM numbered
  GROUP BY target_date, player_id
),
prior_season AS (
  SELECT
    c.game_date AS target_date, c.player_id,
    COUNT(*) AS games_prior_season,
    MAX(h.known_from_at) AS known_at_prior_season,
    MAX(h.game_date) AS last_game_date_prior_season,
    SUM(h.points) AS points_prior_season,
    SUM(h.seconds_tenths) AS seconds_tenths_prior_season,
    SUM(h.plays_hundredths) AS plays_hundredths_prior_season,
    SUM(h.team_plays_hundredths) AS team_plays_hundredths_prior_season,
    SUM(h.team_seconds_tenths) AS team_seconds_tenths_prior_season
  FROM candidates AS c
  JOIN history AS h
    ON h.player_id = c.player_id AND h.season_year = c.season_year - 1 AND h.game_date < c.game_date
    AND h.known_from_at < c.cutoff_at AND c.cutoff_at <= h.known_to_at
  GROUP BY c.game_date, c.player_id
),
wide AS (
  SELECT *
  FROM windows
  FULL JOIN prior_season USING (target_date, player_id)
)
SELECT
  c.game_date, c.player_id, c.season_year, c.cutoff_at,
  who.player_lookup, who.player_full_name,
  COALESCE(w.last_game_date_this_season, w.last_game_date_prior_season) AS last_game_date,
  who.team_abbr AS last_team_abbr,
  GREATEST(COALESCE(w.known_at_windows, w.known_at_prior_season), COALESCE(w.known_at_prior_season, w.known_at_windows))
    AS inputs_known_at,
  COALESCE(w.games_season, 0) AS games_season,
  COALESCE(w.games_prior_season, 0) AS games_prior_season,
  w.* EXCEPT (
    target_date, player_id, games_season, games_prior_season, last_game_date_this_season, last_game_date_prior_season,
    known_at_windows, known_at_prior_season
  )
FROM candidates AS c
JOIN wide AS w ON w.target_date = c.game_date AND w.player_id = c.player_id
LEFT JOIN people AS who
  ON who.player_id = c.player_id
  AND who.game_date = COALESCE(w.last_game_date_this_season, w.last_game_date_prior_season)
  AND who.known_from_at < c.cutoff_at AND c.cutoff_at <= who.known_to_at
