-- The evidence that a person may play in a game, as known at the cutoff of the game. `slate` decides between pieces of
-- evidence. Games, earlier reports and lists of box scores are read at the cutoff of the date, which is never later than
-- that of the game. The report and the quotes of the date and the roster are read at the cutoff of the game. A name is
-- resolved as it was at the cutoff of the game, because a later game of the date may know more.
WITH games AS (
  SELECT game_date, game_id, nba_game_id, season_year, cutoff_at, home_team_abbr, away_team_abbr
  FROM nba_raw.games_asof(@as_of, @lead_minutes)
  WHERE game_date BETWEEN @start_date AND @end_date AND known_in_time
),
dates AS (
  SELECT game_date, MIN(cutoff_at) AS cutoff_at FROM games GROUP BY game_date
),
form AS (
  SELECT
    game_date, CAST(player_id AS STRING) AS person, player_id, last_game_date, last_team_abbr,
    -- When his box scores were known: the night after the game, or earlier if the cutoff is before midnight.
    LEAST(TIMESTAMP(DATETIME(DATE_ADD(last_game_date, INTERVAL 1 DAY)), 'America/New_York'), inputs_known_at) AS seen_at
  FROM nba_analytics.player_recent_form
  WHERE game_date BETWEEN @start_date AND @end_date
),
reports AS (
  SELECT game_date, team_abbr, player_lookup, player_id, injury_status, reason, known_from_at, known_to_at
  FROM nba_raw.nbac_injury_report_history
  WHERE row_kind = 'listing' AND game_date BETWEEN DATE_SUB(@start_date, INTERVAL 30 DAY) AND @end_date
),
mentions AS (
  SELECT
    'report' AS source, g.game_date, g.game_id, CAST(NULL AS STRING) AS quoted_game_id, r.game_date AS evidence_date,
    r.team_abbr, r.player_lookup, r.player_id, r.injury_status, r.reason AS injury_reason,
    CASE r.injury_status
      WHEN 'Out' THEN 0.0 WHEN 'Doubtful' THEN 0.02 WHEN 'Questionable' THEN 0.57 WHEN 'Probable' THEN 0.92 ELSE 0.95
    END AS play_probability,
    r.injury_status IN ('Out', 'Doubtful') AS ruled_out,
    r.known_from_at AS known_at
  FROM games AS g
  JOIN reports AS r ON r.game_date = g.game_date AND r.known_from_at < g.cutoff_at AND g.cutoff_at <= r.known_to_at
  UNION ALL
  SELECT
    'earlier_report' AS source, d.game_date, CAST(NULL AS STRING) AS game_id, CAST(NULL AS STRING) AS quoted_game_id,
    r.game_date AS evidence_date, r.team_abbr, r.player_lookup, MAX(r.player_id) AS player_id,
    CAST(NULL AS STRING) AS injury_status, CAST(NULL AS STRING) AS injury_reason, CAST(NULL AS FLOAT64) AS play_probability,
    MAX(IF(r.injury_status IN ('Out', 'Doubtful'), 1, 0)) = 1 AS ruled_out,
    MAX(r.known_from_at) AS known_at
  FROM dates AS d
  CROSS JOIN UNNEST(GENERATE_ARRAY(1, 30)) AS days_back
  JOIN reports AS r
    ON r.game_date = DATE_SUB(d.game_date, INTERVAL days_back DAY)
    AND r.known_from_at < d.cutoff_at AND d.cutoff_at <= r.known_to_at
    -- Only the last report of a date can be in force on a later date, or at an earlier @as_of.
    AND r.known_to_at >= LEAST(@as_of, TIMESTAMP(DATETIME(r.game_date), 'America/New_York'))
  GROUP BY d.game_date, r.game_date, r.team_abbr, r.player_lookup
  UNION ALL
  SELECT
    'quote' AS source, g.game_date, CAST(NULL AS STRING) AS game_id, g.game_id AS quoted_game_id,
    CAST(NULL AS DATE) AS evidence_date, CAST(NULL AS STRING) AS team_abbr, q.player_lookup,
    CAST(NULL AS INT64) AS player_id, CAST(NULL AS STRING) AS injury_status, CAST(NULL AS STRING) AS injury_reason,
    CAST(NULL AS FLOAT64) AS play_probability, CAST(NULL AS BOOL) AS ruled_out, MIN(q.quoted_at) AS known_at
  FROM games AS g
  JOIN nba_analytics.player_line_history AS q ON q.nba_game_id = g.nba_game_id
  WHERE q.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 3 DAY) AND DATE_ADD(@end_date, INTERVAL 3 DAY)
  GROUP BY g.game_date, g.game_id, q.player_lookup
),
told AS (
  SELECT m.* EXCEPT (game_id), g.game_id, g.cutoff_at
  FROM games AS g
  JOIN mentions AS m ON m.game_date = g.game_date AND COALESCE(m.game_id, g.game_id) = g.game_id
  WHERE m.known_at < g.cutoff_at
),
mentioned AS (
  SELECT
    t.*,
    COALESCE(
      CAST(MAX(t.player_id) OVER (PARTITION BY t.game_id, t.player_lookup) AS STRING), CAST(p.player_id AS STRING),
      t.player_lookup
    ) AS person
  FROM told AS t
  LEFT JOIN nba_raw.players AS p ON p.player_lookup = t.player_lookup AND p.first_known_at < t.cutoff_at
  LEFT JOIN form AS f ON f.game_date = t.game_date AND f.player_id = p.player_id
  WHERE TRUE
  -- of people with one name, the one who has played last: the same one in every row of the game and name
  QUALIFY RANK() OVER (PARTITION BY t.game_id, t.player_lookup ORDER BY f.last_game_date DESC, p.player_id DESC) = 1
),
-- The newest roster that the game's cutoff knew, and the last list of each player in a box score, whether he played or not.
listed_with AS (
  SELECT
    'roster' AS source, g.game_date, g.game_id, r.roster_date AS evidence_date, r.team_abbr, r.player_lookup,
    CAST(r.player_id AS STRING) AS person, r.known_from_at AS known_at
  FROM games AS g
  JOIN nba_raw.nbac_roster_history AS r
    ON r.known_from_at < g.cutoff_at AND g.cutoff_at <= r.known_to_at AND r.roster_date <= g.game_date
  WHERE r.roster_date BETWEEN DATE_SUB(@start_date, INTERVAL 30 DAY) AND @end_date
    AND r.roster_date >= DATE_SUB(g.game_date, INTERVAL 30 DAY)
  QUALIFY DENSE_RANK() OVER (PARTITION BY g.game_id ORDER BY r.roster_date DESC) = 1
  UNION ALL
  SELECT
    'box_list' AS source, d.game_date, CAST(NULL AS STRING) AS game_id, b.game_date AS evidence_date, b.team_abbr,
    b.player_lookup, CAST(b.player_id AS STRING) AS person,
    LEAST(TIMESTAMP(DATETIME(DATE_ADD(b.game_date, INTERVAL 1 DAY)), 'America/New_York'), b.known_from_at) AS known_at
  FROM dates AS d
  JOIN nba_raw.nbac_player_boxscores_history AS b
    ON b.known_from_at < d.cutoff_at AND d.cutoff_at <= b.known_to_at AND b.game_date < d.game_date
    AND b.game_date >= DATE_SUB(d.game_date, INTERVAL 30 DAY)
  WHERE b.game_date BETWEEN DATE_SUB(@start_date, INTERVAL 30 DAY) AND DATE_SUB(@end_date, INTERVAL 1 DAY)
    AND b.season_type != 'all_star'
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY d.game_date, b.player_id ORDER BY b.game_date DESC, b.nba_game_id DESC
  ) = 1 AND (b.season_type = 'preseason' OR NOT b.played)  -- the others are appearances
),
people AS (
  SELECT g.game_date, g.game_id, g.cutoff_at, f.person
  FROM games AS g
  JOIN form AS f ON f.game_date = g.game_date AND f.last_team_abbr IN (g.home_team_abbr, g.away_team_abbr)
  UNION DISTINCT
  SELECT g.game_date, g.game_id, g.cutoff_at, m.person
  FROM games AS g
  JOIN mentioned AS m
    ON m.game_id = g.game_id
    AND (
      (m.source = 'report' AND m.team_abbr IN (g.home_team_abbr, g.away_team_abbr)) OR m.quoted_game_id = g.game_id
    )
  UNION DISTINCT
  SELECT g.game_date, g.game_id, g.cutoff_at, l.person
  FROM games AS g
  JOIN listed_with AS l
    ON l.game_date = g.game_date AND COALESCE(l.game_id, g.game_id) = g.game_id
    AND l.team_abbr IN (g.home_team_abbr, g.away_team_abbr)
),
evidence AS (
  SELECT
    'appearance' AS source, f.game_date, CAST(NULL AS STRING) AS game_id, CAST(NULL AS STRING) AS quoted_game_id,
    f.last_game_date AS evidence_date, f.last_team_abbr AS team_abbr, CAST(NULL AS STRING) AS player_lookup,
    CAST(NULL AS STRING) AS injury_status, CAST(NULL AS STRING) AS injury_reason, CAST(NULL AS FLOAT64) AS play_probability,
    CAST(NULL AS BOOL) AS ruled_out, f.seen_at AS known_at, f.person
  FROM form AS f
  UNION ALL
  SELECT
    m.source, m.game_date, m.game_id, m.quoted_game_id, m.evidence_date, m.team_abbr, m.player_lookup,
    m.injury_status, m.injury_reason, m.play_probability, m.ruled_out, m.known_at, m.person
  FROM mentioned AS m
  UNION ALL
  SELECT
    l.source, l.game_date, l.game_id, CAST(NULL AS STRING) AS quoted_game_id, l.evidence_date, l.team_abbr,
    l.player_lookup, CAST(NULL AS STRING) AS injury_status, CAST(NULL AS STRING) AS injury_reason,
    CAST(NULL AS FLOAT64) AS play_probability, CAST(NULL AS BOOL) AS ruled_out, l.known_at, l.person
  FROM listed_with AS l
  WHERE l.team_abbr IS NOT NULL
)
SELECT
  p.game_date, p.game_id, p.cutoff_at, p.person, e.source, e.known_at, e.team_abbr, e.player_lookup, e.evidence_date,
  e.quoted_game_id, e.injury_status, e.injury_reason, e.play_probability, e.ruled_out
FROM people AS p
JOIN evidence AS e
  ON e.game_date = p.game_date AND e.person = p.person
  AND COALESCE(e.game_id, p.game_id) = p.game_id
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY p.game_id, p.person, e.source, e.team_abbr, e.player_lookup, e.evidence_date, e.quoted_game_id
  ORDER BY e.play_probability, e.injury_reason
) = 1
