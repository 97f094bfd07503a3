-- Integer sums over the last games of each team and of the league, as known at the cutoff of the date. Readers divide
-- once.
WITH dates AS (
  SELECT game_date, MAX(season_year) AS season_year, MIN(cutoff_at) AS cutoff_at
  FROM nba_raw.games_asof(@as_of, @lead_minutes)
  WHERE game_date BETWEEN @start_date AND @end_date AND known_in_time
  GROUP BY game_date
),
history AS (
  SELECT
    game_date, season_year, nba_game_id, team_abbr, known_from_at, known_to_at, win_flag, margin_of_victory,
    points, seconds_tenths, blocks, opponent_points, opponent_fg_attempts, opponent_ft_attempts,
    100 * (fg_attempts + turnovers - offensive_rebounds) + 44 * ft_attempts AS possessions_hundredths,
    100 * (opponent_fg_attempts + opponent_turnovers - opponent_offensive_rebounds) + 44 * opponent_ft_attempts
      AS opponent_possessions_hundredths,
    opponent_paint_attempts, opponent_paint_makes, opponent_mid_range_attempts, opponent_mid_range_makes,
    opponent_three_attempts, opponent_three_makes
  FROM nba_analytics.team_game_history
  WHERE game_date BETWEEN DATE_SUB(@start_date, INTERVAL 660 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
),
seen AS (
  SELECT
    d.game_date AS target_date, d.season_year AS target_season_year, h.*,
    h.season_year = d.season_year AS this_season,
    h.game_date >= DATE_SUB(d.game_date, INTERVAL 30 DAY) AS last_30_days
  FROM dates AS d
  JOIN history AS h
    ON h.season_year IN (d.season_year, d.season_year - 1) AND h.game_date < d.game_date
    AND h.known_from_at < d.cutoff_at AND d.cutoff_at <= h.known_to_at
),
league AS (
  SELECT
    target_date,
    SUM(IF(last_30_days, 1, 0)) AS league_games_last_30_days,
    SUM(IF(last_30_days, points, 0)) AS league_points_last_30_days,
    SUM(IF(last_30_days, possessions_hundredths, 0)) AS league_possessions_hundredths_last_30_days,
    SUM(IF(last_30_days, seconds_tenths, 0)) AS league_seconds_tenths_last_30_days,
    SUM(IF(last_30_days, opponent_paint_attempts, 0)) AS league_paint_attempts_last_30_days,
    SUM(IF(last_30_days, opponent_paint_makes, 0)) AS league_paint_makes_last_30_days,
    SUM(IF(last_30_days, opponent_mid_range_attempts, 0)) AS league_mid_range_attempts_last_30_days,
    SUM(IF(last_30_days, opponent_mid_range_makes, 0)) AS league_mid_range_makes_last_30_days,
    SUM(IF(last_30_days, opponent_three_attempts, 0)) AS league_three_attempts_last_30_days,
    SUM(IF(last_30_days, opponent_three_makes, 0)) AS league_three_makes_last_30_days,
    SUM(IF(this_season, 0, 1)) AS league_games_prior_season,
    SUM(IF(this_season, 0, points)) AS league_points_prior_season,
    SUM(IF(this_season, 0, possessions_hundredths)) AS league_possessions_hundredths_prior_season,
    SUM(IF(this_season, 0, seconds_tenths)) AS league_seconds_tenths_prior_season,
    SUM(IF(this_season, 0, opponent_paint_attempts)) AS league_paint_attempts_prior_season,
    SUM(IF(this_season, 0, opponent_paint_makes)) AS league_paint_makes_prior_season,
    SUM(IF(this_season, 0, opponent_mid_range_attempts)) AS league_mid_range_attempts_prior_season,
    SUM(IF(this_season, 0, opponent_mid_range_makes)) AS league_mid_range_makes_prior_season,
    SUM(IF(this_season, 0, opponent_three_attempts)) AS league_three_attempts_prior_season,
    SUM(IF(this_season, 0, opponent_three_makes)) AS league_three_makes_prior_season
  FROM seen
  GROUP BY target_date
),
ranked AS (
  SELECT
    *,
    IF(this_season, ROW_NUMBER() OVER newest, NULL) AS n,
    SUM(IF(win_flag, 1, 0)) OVER newest AS wins_so_far,
    SUM(IF(win_flag, 0, 1)) OVER newest AS losses_so_far
  FROM seen
  WINDOW newest AS (PARTITION BY target_date, team_abbr, this_season ORDER BY game_date DESC, nba_game_id DESC)
),
teams AS (
  SELECT
    target_date, team_abbr,
    MAX(known_from_at) AS inputs_known_at,
    COUNT(n) AS games_season,
    SUM(IF(this_season AND win_flag, 1, 0)) AS wins_season,
    MAX(IF(this_season, game_date, NULL)) AS last_game_date,
    MAX(IF(n = 1, margin_of_victory, NULL)) AS last_game_margin,
    MAX(IF(this_season AND losses_so_far = 0, wins_so_far, 0)) AS win_streak,
    MAX(IF(this_season AND wins_so_far = 0, losses_so_far, 0)) AS loss_streak,
    SUM(IF(n <= 10, points, 0)) AS points_last_10,
    SUM(IF(n <= 10, possessions_hundredths, 0)) AS possessions_hundredths_last_10,
    SUM(IF(n <= 10, seconds_tenths, 0)) AS seconds_tenths_last_10,
    SUM(IF(n <= 10, opponent_points, 0)) AS opponent_points_last_10,
    SUM(IF(n <= 10, opponent_possessions_hundredths, 0)) AS opponent_possessions_hundredths_last_10,
    SUM(IF(n <= 10, opponent_fg_attempts, 0)) AS opponent_fg_attempts_last_10,
    SUM(IF(n <= 10, opponent_ft_attempts, 0)) AS opponent_ft_attempts_last_10,
    SUM(IF(n <= 15, seconds_tenths, 0)) AS seconds_tenths_last_15,
    SUM(IF(n <= 15, blocks, 0)) AS blocks_last_15,
    SUM(IF(n <= 15, possessions_hundredths, 0)) AS possessions_hundredths_last_15,
    SUM(IF(n <= 15, opponent_points, 0)) AS opponent_points_last_15,
    SUM(IF(n <= 15, opponent_possessions_hundredths, 0)) AS opponent_possessions_hundredths_last_15,
    SUM(IF(n <= 15 AND opponent_paint_attempts IS NOT NULL, 1, 0)) AS zone_games_last_15,
    SUM(IF(n <= 15, COALESCE(opponent_paint_attempts, 0), 0)) AS opponent_paint_attempts_last_15,
    SUM(IF(n <= 15, COALESCE(opponent_paint_makes, 0), 0)) AS opponent_paint_makes_last_15,
    SUM(IF(n <= 15, COALESCE(opponent_mid_range_attempts, 0), 0)) AS opponent_mid_range_attempts_last_15,
    SUM(IF(n <= 15, COALESCE(opponent_mid_range_makes, 0), 0)) AS opponent_mid_range_makes_last_15,
    SUM(IF(n <= 15, COALESCE(opponent_three_attempts, 0), 0)) AS opponent_three_attempts_last_15,
    SUM(IF(n <= 15, COALESCE(opponent_three_makes, 0), 0)) AS opponent_three_makes_last_15,
    SUM(IF(this_season, 0, 1)) AS games_prior_season,
    SUM(IF(this_season, 0, points)) AS points_prior_season,
    SUM(IF(this_season, 0, possessions_hundredths)) AS possessions_hundredths_prior_season,
    SUM(IF(this_season, 0, seconds_tenths)) AS seconds_tenths_prior_season,
    SUM(IF(this_season, 0, opponent_points)) AS opponent_points_prior_season,
    SUM(IF(this_season, 0, opponent_possessions_hundredths)) AS opponent_possessions_hundredths_prior_season
  FROM ranked
  GROUP BY target_date, team_abbr
),
wide AS (
  SELECT * FROM teams JOIN league USING (target_date)
)
SELECT d.game_date, b.team_abbr, d.season_year, d.cutoff_at, b.* EXCEPT (target_date, team_abbr)
FROM dates AS d
JOIN wide AS b ON b.target_date = d.game_date
