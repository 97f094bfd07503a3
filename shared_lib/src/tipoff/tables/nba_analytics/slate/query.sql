-- The players who may play, as known at the cutoff of each game. The newest evidence decides the team.
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
    CAST(ROUND(SAFE_DIVIDE(1000 * starts_last_5, LEAST(games_season, 5))) AS INT64) AS start_rate_thousandths
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
  QUALIFY n <= 20
),
team_windows AS (
  SELECT
    target_date, team_abbr, COUNTIF(n <= 10) AS team_games_last_10,
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
  WHERE t.n <= 10
    AND p.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 300 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
  GROUP BY t.target_date, t.team_abbr, p.player_id
),
evidence AS (
  SELECT
    game_date, game_id, person, source, known_at, team_abbr, player_lookup, evidence_date, quoted_game_id,
    injury_status, injury_reason, play_probability, ruled_out
  FROM nba_analytics.slate_evidence
  WHERE game_date BETWEEN @start_date AND @end_date
),
listed AS (
  SELECT
    game_id, person, team_abbr, known_at AS report_at, player_lookup, injury_status, injury_reason, play_probability
  FROM evidence
  WHERE source = 'report'
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY game_id, person, team_abbr ORDER BY play_probability, injury_reason, player_lookup
  ) = 1
),
ruled_out AS (
  SELECT e.game_id, e.person, e.team_abbr, COUNT(DISTINCT e.evidence_date) AS games_ruled_out_last_10
  FROM evidence AS e
  JOIN team_games AS t
    ON t.target_date = e.game_date AND t.team_abbr = e.team_abbr AND t.game_date = e.evidence_date AND t.n <= 10
  WHERE e.source = 'earlier_report' AND e.ruled_out
  GROUP BY e.game_id, e.person, e.team_abbr
),
rostered AS (
  SELECT game_id, person, team_abbr, MAX(known_at) AS rostered_at, MAX(player_lookup) AS player_lookup
  FROM evidence
  WHERE source IN ('roster', 'box_list')
  GROUP BY game_id, person, team_abbr
),
people AS (
  SELECT game_id, person, MAX(IF(source = 'appearance', known_at, NULL)) AS seen_at
  FROM evidence
  GROUP BY game_id, person
),
team_of AS (
  SELECT game_id, person, team_abbr, known_at
  FROM evidence
  WHERE source != 'quote'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id, person ORDER BY known_at DESC, team_abbr) = 1
),
quote_evidence AS (
  SELECT
    e.game_id, e.person,
    MIN(IF(e.quoted_game_id = e.game_id, e.known_at, NULL)) AS quoted_here_at,
    MAX(IF(e.quoted_game_id = e.game_id, e.player_lookup, NULL)) AS player_lookup,
    MAX(IF(e.quoted_game_id != e.game_id AND e.known_at > COALESCE(t.known_at, TIMESTAMP '1970-01-01')
      AND COALESCE(t.team_abbr, '') NOT IN (q.home_team_abbr, q.away_team_abbr), 1, 0)) AS moved_elsewhere
  FROM evidence AS e
  JOIN games AS q ON q.game_id = e.quoted_game_id
  LEFT JOIN team_of AS t ON t.game_id = e.game_id AND t.person = e.person
  WHERE e.source = 'quote'
  GROUP BY e.game_id, e.person
),
placed AS (
  SELECT
    g.game_date, g.game_id, g.nba_game_id, g.season_year, g.cutoff_at, g.home_team_abbr, g.away_team_abbr,
    p.person, p.seen_at, q.quoted_here_at, q.player_lookup AS quoted_lookup,
    -- A quote names two teams. It changes a player's team only if it is newer than the evidence for a third team.
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
    p.*, f.player_lookup AS form_lookup, f.player_full_name,
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
    COALESCE(j.form_lookup, l.player_lookup, n.player_lookup, j.quoted_lookup) AS player_lookup,
    j.player_full_name,
    j.home_team_abbr, j.away_team_abbr,
    NULLIF(j.team_abbr, 'unknown') AS known_team_abbr,
    j.by_appearance, j.by_last_season, l.person IS NOT NULL AS by_report, j.quoted_here_at IS NOT NULL AS by_quote,
    n.person IS NOT NULL AS by_roster,
    GREATEST(
      COALESCE(n.rostered_at, TIMESTAMP '1970-01-01'),
      IF(j.by_appearance OR j.by_last_season, j.seen_at, TIMESTAMP '1970-01-01'),
      COALESCE(l.report_at, TIMESTAMP '1970-01-01'),
      COALESCE(j.quoted_here_at, TIMESTAMP '1970-01-01')
    ) AS evidence_at,
    l.injury_status, l.injury_reason, l.report_at,
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
  LEFT JOIN ruled_out AS o ON o.game_id = j.game_id AND o.team_abbr = j.team_abbr AND o.person = j.person
  LEFT JOIN rostered AS n ON n.game_id = j.game_id AND n.team_abbr = j.team_abbr AND n.person = j.person
  WHERE j.by_appearance OR j.by_last_season OR l.person IS NOT NULL OR j.quoted_here_at IS NOT NULL OR n.person IS NOT NULL
),
-- A quote names two teams. Where nothing else is known of a player, he is put with the team of which fewer minutes are
-- quoted: right for 19 of 28 such players of 2022-23 to 2024-25 (docs/forecasting.md#slate). A roster settles it.
sides AS (
  SELECT
    *,
    SUM(IF(by_quote AND known_team_abbr = home_team_abbr, usual_seconds_tenths, 0)) OVER (PARTITION BY game_id)
      AS home_quoted_seconds_tenths,
    SUM(IF(by_quote AND known_team_abbr = away_team_abbr, usual_seconds_tenths, 0)) OVER (PARTITION BY game_id)
      AS away_quoted_seconds_tenths
  FROM candidates
),
teamed AS (
  SELECT
    * EXCEPT (known_team_abbr, home_quoted_seconds_tenths, away_quoted_seconds_tenths),
    CASE
      WHEN known_team_abbr IS NOT NULL THEN known_team_abbr
      WHEN player_id IS NULL THEN NULL
      WHEN home_quoted_seconds_tenths <= away_quoted_seconds_tenths THEN home_team_abbr
      ELSE away_team_abbr
    END AS team_abbr,
    known_team_abbr IS NULL AND player_id IS NOT NULL AS team_is_inferred
  FROM sides
),
shares AS (
  SELECT
    *,
    COALESCE(SAFE_DIVIDE(games_last_10, team_games_last_10), 1) AS share_10,
    COALESCE(SAFE_DIVIDE(games_last_5, LEAST(team_games_last_10, 5)), 1) AS share_5,
    -- How often he plays when he is on no report. This separates bench players from players who return from injury.
    (1 + games_last_10) / (1 + GREATEST(games_last_10, team_games_last_10 - games_ruled_out_last_10)) AS healthy_share,
    usual_seconds_tenths / 21600 AS usual_share_of_36
  FROM teamed
),
judged_to_play AS (
  SELECT
    * EXCEPT (usual_share_of_36),
    -- Log-odds of playing, for players who are not out: a logistic regression on 2022-23, weighted by usual minutes. On
    -- 2023-24 its Brier score is 0.067; that of expected_play is 0.084 (docs/forecasting.md).
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
  game_date, game_id, nba_game_id, season_year, cutoff_at, player_id, player_lookup, player_full_name, team_abbr,
  CASE team_abbr WHEN home_team_abbr THEN away_team_abbr WHEN away_team_abbr THEN home_team_abbr END AS opponent_team_abbr,
  team_abbr = home_team_abbr AS is_home,
  CASE WHEN player_id IS NULL THEN 'unresolved' WHEN injury_status = 'Out' THEN 'out' ELSE 'active' END AS slate_status,
  by_appearance, by_last_season, by_report, by_quote, by_roster, team_is_inferred, evidence_at, injury_status,
  injury_reason, report_at, play_probability, team_games_last_10, games_last_10, games_last_5, games_last_1,
  games_ruled_out_last_10, usual_seconds_tenths, usual_points_hundredths, usual_usage_hundredths,
  start_rate_thousandths,
  CAST(ROUND(1000 * share_10) AS INT64) AS share_10_thousandths,
  CAST(ROUND(1000 * share_5) AS INT64) AS share_5_thousandths,
  CAST(ROUND(1000 * healthy_share) AS INT64) AS healthy_share_thousandths,
  CAST(ROUND(1000 * IF(by_report, play_probability, healthy_share)) AS INT64) AS expected_play_thousandths,
  CASE
    WHEN by_report AND injury_status IN ('Out', 'Doubtful') THEN CAST(ROUND(1000 * play_probability) AS INT64)
    ELSE CAST(ROUND(1000 / (1 + EXP(-log_odds))) AS INT64)
  END AS likely_play_thousandths
FROM judged_to_play
