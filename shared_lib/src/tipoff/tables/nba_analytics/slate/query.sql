-- Who may play, as known at each game's own cutoff. Games and earlier reports are read at the date's cutoff (never later
-- than the game's); today's report and quotes at the game's. The newest evidence decides the team.
WITH games AS (
  SELECT game_date, game_id, nba_game_id, season_year, cutoff_at, home_team_abbr, away_team_abbr
  FROM nba_raw.games_asof(@as_of, @lead_minutes)
  WHERE game_date BETWEEN @start_date AND @end_date AND known_in_time
),
dates AS (
  SELECT game_date, MAX(season_year) AS season_year, MIN(cutoff_at) AS cutoff_at FROM games GROUP BY game_date
),
form AS (
  SELECT
    game_date, CAST(player_id AS STRING) AS person, player_id, player_lookup, player_full_name,
    last_game_date, last_team_abbr, games_season,
    CAST(ROUND(SAFE_DIVIDE(seconds_tenths_weighted_6, weight_6)) AS INT64) AS usual_seconds_tenths,
    CAST(ROUND(SAFE_DIVIDE(100 * points_weighted_6, weight_6)) AS INT64) AS usual_points_hundredths,
    CAST(ROUND(SAFE_DIVIDE(
      2000 * plays_hundredths_last_10 * team_seconds_tenths_last_10, seconds_tenths_last_10 * team_plays_hundredths_last_10
    )) AS INT64) AS usual_usage_hundredths,
    CAST(ROUND(SAFE_DIVIDE(1000 * starts_last_5, LEAST(games_season, 5))) AS INT64) AS start_rate_thousandths,
    -- the night after the game, or earlier where the cutoff lies before midnight: when his box scores were known
    LEAST(TIMESTAMP(DATETIME(DATE_ADD(last_game_date, INTERVAL 1 DAY)), 'America/New_York'), inputs_known_at) AS seen_at
  FROM nba_analytics.player_recent_form
  WHERE game_date BETWEEN @start_date AND @end_date
),
team_games AS (
  SELECT
    d.game_date AS target_date, d.cutoff_at, h.team_abbr, h.nba_game_id, h.game_date,
    h.season_year = d.season_year AS this_season,
    ROW_NUMBER() OVER (PARTITION BY d.game_date, h.team_abbr ORDER BY h.game_date DESC, h.nba_game_id DESC) AS n
  FROM dates AS d
  JOIN nba_analytics.team_game_history AS h
    ON h.season_year IN (d.season_year, d.season_year - 1) AND h.game_date < d.game_date
    AND h.known_from_at < d.cutoff_at AND d.cutoff_at <= h.known_to_at
  WHERE h.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 300 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
  QUALIFY n <= 10
),
team_windows AS (
  SELECT
    target_date, team_abbr, COUNT(*) AS team_games_last_10,
    SUM(IF(this_season, 1, 0)) AS team_games_this_season, MIN(IF(this_season, game_date, NULL)) AS oldest_game_date
  FROM team_games
  GROUP BY target_date, team_abbr
),
appeared AS (
  SELECT
    t.target_date, t.team_abbr, CAST(p.player_id AS STRING) AS person,
    COUNT(*) AS games_last_10, SUM(IF(t.n <= 5, 1, 0)) AS games_last_5, SUM(IF(t.n = 1, 1, 0)) AS games_last_1
  FROM team_games AS t
  JOIN nba_analytics.player_game_summary_history AS p
    ON p.nba_game_id = t.nba_game_id AND p.team_abbr = t.team_abbr AND p.game_date = t.game_date
    AND p.known_from_at < t.cutoff_at AND t.cutoff_at <= p.known_to_at
  WHERE p.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 300 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
  GROUP BY t.target_date, t.team_abbr, p.player_id
),
reports AS (
  SELECT game_date, team_abbr, player_lookup, player_id, injury_status, reason, known_from_at, known_to_at
  FROM nba_raw.nbac_injury_report_history
  WHERE row_kind = 'listing' AND game_date BETWEEN DATE_SUB(@start_date, INTERVAL 30 DAY) AND @end_date
),
listings AS (
  SELECT
    g.game_date, g.game_id, r.team_abbr, r.player_lookup, r.player_id, r.injury_status, r.reason,
    r.known_from_at AS report_at,
    CASE r.injury_status
      WHEN 'Out' THEN 0.0 WHEN 'Doubtful' THEN 0.02 WHEN 'Questionable' THEN 0.57 WHEN 'Probable' THEN 0.92 ELSE 0.95
    END AS play_probability
  FROM games AS g
  JOIN reports AS r ON r.game_date = g.game_date AND r.known_from_at < g.cutoff_at AND g.cutoff_at <= r.known_to_at
),
earlier_listings AS (
  SELECT
    d.game_date AS target_date, r.game_date, r.team_abbr, r.player_lookup, MAX(r.player_id) AS player_id,
    MAX(r.known_from_at) AS report_at, MAX(IF(r.injury_status IN ('Out', 'Doubtful'), 1, 0)) AS ruled_out
  FROM dates AS d
  CROSS JOIN UNNEST(GENERATE_ARRAY(1, 30)) AS days_back
  JOIN reports AS r
    ON r.game_date = DATE_SUB(d.game_date, INTERVAL days_back DAY)
    AND r.known_from_at < d.cutoff_at AND d.cutoff_at <= r.known_to_at
    -- only a date's last report can be in force on a later date (or at an earlier @as_of)
    AND r.known_to_at >= LEAST(@as_of, TIMESTAMP(DATETIME(r.game_date), 'America/New_York'))
  GROUP BY d.game_date, r.game_date, r.team_abbr, r.player_lookup
),
quotes AS (
  SELECT g.game_date, g.game_id, g.home_team_abbr, g.away_team_abbr, q.player_lookup, MIN(q.quoted_at) AS first_quoted_at
  FROM games AS g
  JOIN nba_analytics.player_line_history AS q ON q.nba_game_id = g.nba_game_id
  WHERE q.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 3 DAY) AND DATE_ADD(@end_date, INTERVAL 3 DAY)
  GROUP BY g.game_date, g.game_id, g.home_team_abbr, g.away_team_abbr, q.player_lookup
),
names AS (
  SELECT n.game_date, n.player_lookup, MAX(n.player_id) AS stated_player_id
  FROM (
    SELECT game_date, player_lookup, player_id FROM listings
    UNION ALL
    SELECT target_date AS game_date, player_lookup, player_id FROM earlier_listings
    UNION ALL
    SELECT q.game_date, q.player_lookup, CAST(NULL AS INT64) AS player_id
    FROM quotes AS q
  ) AS n
  GROUP BY n.game_date, n.player_lookup
),
resolved AS (
  SELECT
    n.game_date, n.player_lookup,
    COALESCE(CAST(n.stated_player_id AS STRING), CAST(p.player_id AS STRING), n.player_lookup) AS person
  FROM names AS n
  JOIN dates AS d ON d.game_date = n.game_date
  LEFT JOIN nba_raw.players AS p ON p.player_lookup = n.player_lookup AND p.first_known_at < d.cutoff_at
  LEFT JOIN form AS f ON f.game_date = n.game_date AND f.player_id = p.player_id
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY n.game_date, n.player_lookup ORDER BY f.last_game_date DESC, p.player_id DESC
  ) = 1
),
listed AS (
  SELECT
    l.game_id, r.person, l.team_abbr, l.report_at, l.player_lookup, l.injury_status, l.reason, l.play_probability
  FROM listings AS l
  JOIN resolved AS r ON r.game_date = l.game_date AND r.player_lookup = l.player_lookup
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY l.game_id, r.person, l.team_abbr ORDER BY l.play_probability, l.reason, l.player_lookup
  ) = 1
),
earlier AS (
  SELECT e.target_date, e.game_date, r.person, e.team_abbr, MAX(e.report_at) AS report_at, MAX(e.ruled_out) AS ruled_out
  FROM earlier_listings AS e
  JOIN resolved AS r ON r.game_date = e.target_date AND r.player_lookup = e.player_lookup
  GROUP BY e.target_date, e.game_date, r.person, e.team_abbr
),
ruled_out AS (
  SELECT e.target_date, e.person, e.team_abbr, COUNT(*) AS games_ruled_out_last_10
  FROM earlier AS e
  JOIN team_games AS t
    ON t.target_date = e.target_date AND t.team_abbr = e.team_abbr AND t.game_date = e.game_date
  WHERE e.ruled_out = 1
  GROUP BY e.target_date, e.person, e.team_abbr
),
quoted AS (
  SELECT q.game_date, q.game_id, q.home_team_abbr, q.away_team_abbr, q.player_lookup, r.person, q.first_quoted_at
  FROM quotes AS q
  JOIN resolved AS r ON r.game_date = q.game_date AND r.player_lookup = q.player_lookup
),
people AS (
  SELECT g.game_id, f.person
  FROM games AS g
  JOIN form AS f ON f.game_date = g.game_date AND f.last_team_abbr IN (g.home_team_abbr, g.away_team_abbr)
  UNION DISTINCT
  SELECT g.game_id, l.person
  FROM games AS g
  JOIN listed AS l ON l.game_id = g.game_id AND l.team_abbr IN (g.home_team_abbr, g.away_team_abbr)
  UNION DISTINCT
  SELECT g.game_id, q.person
  FROM games AS g
  JOIN quoted AS q ON q.game_id = g.game_id AND q.first_quoted_at < g.cutoff_at
),
memberships AS (
  SELECT p.game_id, p.person, f.last_team_abbr AS team_abbr, f.seen_at AS known_at
  FROM people AS p
  JOIN games AS g ON g.game_id = p.game_id
  JOIN form AS f ON f.game_date = g.game_date AND f.person = p.person
  UNION ALL
  SELECT p.game_id, p.person, l.team_abbr, l.report_at AS known_at
  FROM people AS p
  JOIN listed AS l ON l.game_id = p.game_id AND l.person = p.person
  UNION ALL
  SELECT p.game_id, p.person, e.team_abbr, e.report_at AS known_at
  FROM people AS p
  JOIN games AS g ON g.game_id = p.game_id
  JOIN earlier AS e ON e.target_date = g.game_date AND e.person = p.person
),
team_of AS (
  SELECT game_id, person, team_abbr, known_at
  FROM memberships
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, person ORDER BY known_at DESC, team_abbr) = 1
),
quote_evidence AS (
  SELECT
    p.game_id, p.person,
    MIN(IF(q.game_id = p.game_id, q.first_quoted_at, NULL)) AS quoted_here_at,
    MAX(IF(q.game_id = p.game_id, q.player_lookup, NULL)) AS player_lookup,
    MAX(IF(q.game_id != p.game_id AND q.first_quoted_at > COALESCE(t.known_at, TIMESTAMP '1970-01-01')
      AND COALESCE(t.team_abbr, '') NOT IN (q.home_team_abbr, q.away_team_abbr), 1, 0)) AS moved_elsewhere
  FROM people AS p
  JOIN games AS g ON g.game_id = p.game_id
  JOIN quoted AS q ON q.game_date = g.game_date AND q.person = p.person AND q.first_quoted_at < g.cutoff_at
  LEFT JOIN team_of AS t ON t.game_id = p.game_id AND t.person = p.person
  GROUP BY p.game_id, p.person
),
placed AS (
  SELECT
    g.game_date, g.game_id, g.nba_game_id, g.season_year, g.cutoff_at, g.home_team_abbr, g.away_team_abbr, p.person,
    q.quoted_here_at, q.player_lookup AS quoted_lookup,
    -- A quote names two teams: it moves a player only when it is newer than what said he belongs to a third one.
    CASE
      WHEN q.moved_elsewhere = 1 THEN NULL
      WHEN t.team_abbr IN (g.home_team_abbr, g.away_team_abbr) THEN t.team_abbr
      WHEN q.quoted_here_at > COALESCE(t.known_at, TIMESTAMP '1970-01-01') THEN 'unknown'
    END AS team_abbr
  FROM people AS p
  JOIN games AS g ON g.game_id = p.game_id
  LEFT JOIN team_of AS t ON t.game_id = p.game_id AND t.person = p.person
  LEFT JOIN quote_evidence AS q ON q.game_id = p.game_id AND q.person = p.person
),
judged AS (
  SELECT
    p.*, f.player_lookup AS form_lookup, f.player_full_name, f.seen_at,
    COALESCE(f.last_team_abbr = p.team_abbr AND f.games_season > 0 AND f.last_game_date >= w.oldest_game_date, FALSE)
      AS by_appearance,
    COALESCE(f.last_team_abbr = p.team_abbr AND f.games_season = 0 AND COALESCE(w.team_games_this_season, 0) < 10, FALSE)
      AS by_last_season,
    f.usual_seconds_tenths, f.usual_points_hundredths, f.usual_usage_hundredths, f.start_rate_thousandths,
    COALESCE(w.team_games_last_10, 0) AS team_games_last_10
  FROM placed AS p
  LEFT JOIN form AS f ON f.game_date = p.game_date AND f.person = p.person
  LEFT JOIN team_windows AS w ON w.target_date = p.game_date AND w.team_abbr = p.team_abbr
  WHERE p.team_abbr IS NOT NULL
),
candidates AS (
  SELECT
    j.game_date, j.game_id, j.nba_game_id, j.season_year, j.cutoff_at,
    SAFE_CAST(j.person AS INT64) AS player_id,
    COALESCE(j.form_lookup, l.player_lookup, j.quoted_lookup) AS player_lookup,
    j.player_full_name,
    NULLIF(j.team_abbr, 'unknown') AS team_abbr,
    CASE j.team_abbr WHEN j.home_team_abbr THEN j.away_team_abbr WHEN j.away_team_abbr THEN j.home_team_abbr END
      AS opponent_team_abbr,
    CASE j.team_abbr WHEN j.home_team_abbr THEN TRUE WHEN j.away_team_abbr THEN FALSE END AS is_home,
    CASE
      WHEN SAFE_CAST(j.person AS INT64) IS NULL OR j.team_abbr = 'unknown' THEN 'unresolved'
      WHEN l.injury_status = 'Out' THEN 'out'
      ELSE 'active'
    END AS slate_status,
    j.by_appearance, j.by_last_season, l.person IS NOT NULL AS by_report, j.quoted_here_at IS NOT NULL AS by_quote,
    GREATEST(
      IF(j.by_appearance OR j.by_last_season, j.seen_at, TIMESTAMP '1970-01-01'),
      COALESCE(l.report_at, TIMESTAMP '1970-01-01'),
      COALESCE(j.quoted_here_at, TIMESTAMP '1970-01-01')
    ) AS evidence_at,
    l.injury_status, l.reason AS injury_reason, l.report_at,
    COALESCE(l.play_probability, 1.0) AS play_probability,
    j.team_games_last_10,
    COALESCE(a.games_last_10, 0) AS games_last_10,
    COALESCE(a.games_last_5, 0) AS games_last_5,
    COALESCE(a.games_last_1, 0) AS games_last_1,
    COALESCE(o.games_ruled_out_last_10, 0) AS games_ruled_out_last_10,
    COALESCE(j.usual_seconds_tenths, 0) AS usual_seconds_tenths,
    COALESCE(j.usual_points_hundredths, 0) AS usual_points_hundredths,
    COALESCE(j.usual_usage_hundredths, 0) AS usual_usage_hundredths,
    COALESCE(j.start_rate_thousandths, 0) AS start_rate_thousandths
  FROM judged AS j
  LEFT JOIN listed AS l ON l.game_id = j.game_id AND l.person = j.person AND l.team_abbr = j.team_abbr
  LEFT JOIN appeared AS a ON a.target_date = j.game_date AND a.team_abbr = j.team_abbr AND a.person = j.person
  LEFT JOIN ruled_out AS o ON o.target_date = j.game_date AND o.team_abbr = j.team_abbr AND o.person = j.person
  WHERE j.by_appearance OR j.by_last_season OR l.person IS NOT NULL OR j.quoted_here_at IS NOT NULL
),
shares AS (
  SELECT
    *,
    COALESCE(SAFE_DIVIDE(games_last_10, team_games_last_10), 1) AS share_10,
    COALESCE(SAFE_DIVIDE(games_last_5, LEAST(team_games_last_10, 5)), 1) AS share_5,
    -- how often he plays when nothing is said of him, which tells a bench player from a returning one
    (1 + games_last_10) / (1 + GREATEST(games_last_10, team_games_last_10 - games_ruled_out_last_10)) AS healthy_share,
    usual_seconds_tenths / 21600 AS usual_share_of_36
  FROM candidates
),
judged_to_play AS (
  SELECT
    * EXCEPT (usual_share_of_36),
    -- Log-odds to play of those not ruled out: a logistic regression on 2022-23, weighted by usual minutes. Its Brier
    -- score on 2023-24 is .067, that of expected_play .084 (docs/forecasting.md).
    CASE
      WHEN NOT by_report THEN
        -2.47 + 3.57 * healthy_share - 0.66 * games_last_1 + 1.94 * share_5 - 2.37 * share_10
        + (1.10 + 4.91 * games_last_1) * usual_share_of_36
      WHEN injury_status = 'Questionable' THEN -0.87 - 0.48 * share_5 + 2.08 * usual_share_of_36
      ELSE
        -3.18 + IF(injury_status = 'Probable', 0.12, 0.0) + 0.83 * share_5 + 1.49 * healthy_share
        + 6.95 * usual_share_of_36
    END AS log_odds
  FROM shares
)
SELECT
  * EXCEPT (share_10, share_5, healthy_share, log_odds),
  CAST(ROUND(1000 * share_10) AS INT64) AS share_10_thousandths,
  CAST(ROUND(1000 * share_5) AS INT64) AS share_5_thousandths,
  CAST(ROUND(1000 * healthy_share) AS INT64) AS healthy_share_thousandths,
  CAST(ROUND(1000 * IF(by_report, play_probability, healthy_share)) AS INT64) AS expected_play_thousandths,
  CASE
    WHEN by_report AND injury_status IN ('Out', 'Doubtful') THEN CAST(ROUND(1000 * play_probability) AS INT64)
    ELSE CAST(ROUND(1000 / (1 + EXP(-log_odds))) AS INT64)
  END AS likely_play_thousandths
FROM judged_to_play
