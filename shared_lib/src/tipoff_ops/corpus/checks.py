"""The checks of `tipoff verify`: one for each expected table and layer, with the query that reads the actual table."""

# ruff: noqa: S608 - table names come from the registry, never from input

from collections.abc import Mapping
from dataclasses import dataclass, field

from tipoff import tables

_BOX = (
    "team", "opponent", "is_home", "starter", "minutes", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb",
    "reb", "ast", "stl", "blk", "tov", "pf", "pts",
)  # fmt: skip
_ZONES = ("paint_fga", "paint_fgm", "mid_range_fga", "mid_range_fgm", "three_fga", "three_fgm")
_MEDIAN = "({0}[SAFE_OFFSET(DIV((ARRAY_LENGTH({0}) - 1), 2))] + {0}[SAFE_OFFSET(DIV(ARRAY_LENGTH({0}), 2))]) / 2"


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        name: name of the comparison.
        layer: raw or analytics.
        expected_file: stem of the parquet file.
        key, columns: key columns and compared columns, by their names in the expected table.
        reads: names of the tables that are substituted into `text`, in this order.
        text: SELECT with {0}, {1}, ... for tables, @start_date and @end_date.
        tolerance: greatest difference of two numbers that counts as equal, by column.
        known_key: the columns that `known_differences.csv` calls game_id and key.
        explained_by: expected columns that, when true, explain a difference of the row.
        context: columns that are read besides key and columns, for `explained_by`.
    """

    name: str
    layer: str
    expected_file: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    reads: tuple[str, ...]
    text: str
    tolerance: Mapping[str, float] = field(default_factory=dict)
    known_key: tuple[str, str] = ("game_id", "player_id")
    explained_by: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    def sql(self) -> str:
        """The query with the full names of its tables."""
        return self.text.format(*(tables.get(name).full_name for name in self.reads))


_GAMES = """
SELECT s.nba_game_id AS game_id, s.game_date, s.tipoff_at AS tipoff_utc, s.home_team_id, s.away_team_id,
  s.home_team_tricode AS home_team, s.away_team_tricode AS away_team, s.home_team_score AS home_score,
  s.away_team_score AS away_score
FROM {0} AS s
WHERE s.game_date BETWEEN @start_date AND @end_date AND s.season_type IN ('regular_season', 'playoffs')
"""

_BOX_SQL = """
SELECT b.nba_game_id AS game_id, b.player_id, b.team_abbr AS team, b.opponent_team_abbr AS opponent, b.is_home,
  b.starter, ROUND(b.seconds_tenths / 600, 4) AS minutes, b.field_goals_made AS fgm, b.field_goals_attempted AS fga,
  b.three_pointers_made AS fg3m, b.three_pointers_attempted AS fg3a, b.free_throws_made AS ftm,
  b.free_throws_attempted AS fta, b.offensive_rebounds AS oreb, b.defensive_rebounds AS dreb,
  b.total_rebounds AS reb, b.assists AS ast, b.steals AS stl, b.blocks AS blk, b.turnovers AS tov,
  b.personal_fouls AS pf, b.points AS pts
FROM {0} AS b
WHERE b.game_date BETWEEN @start_date AND @end_date AND b.played
"""

_SUMMARY_SQL = """
SELECT p.nba_game_id AS game_id, p.player_id, p.team_abbr AS team, p.opponent_team_abbr AS opponent,
  p.home_game AS is_home, p.starter_flag AS starter, ROUND(p.seconds_tenths / 600, 4) AS minutes, p.fg_makes AS fgm,
  p.fg_attempts AS fga, p.three_pt_makes AS fg3m, p.three_pt_attempts AS fg3a, p.ft_makes AS ftm,
  p.ft_attempts AS fta, p.offensive_rebounds AS oreb, p.defensive_rebounds AS dreb, p.total_rebounds AS reb,
  p.assists AS ast, p.steals AS stl, p.blocks AS blk, p.turnovers AS tov, p.personal_fouls AS pf, p.points AS pts
FROM {0} AS p
WHERE p.game_date BETWEEN @start_date AND @end_date
"""

_ZONE_COUNTS = ",\n  ".join(
    f"COUNTIF(a.shot_zone = '{zone}') AS {zone}_fga, COUNTIF(a.shot_zone = '{zone}' AND a.shot_made) AS {zone}_fgm"
    for zone in ("paint", "mid_range", "three")
)
_PLAYER_ZONES_SQL = f"""
SELECT b.nba_game_id AS game_id, b.player_id,
  {_ZONE_COUNTS}
FROM {{0}} AS b
LEFT JOIN {{1}} AS a
  ON a.game_date = b.game_date AND a.nba_game_id = b.nba_game_id AND a.player_id = b.player_id AND a.is_field_goal
  AND a.game_date BETWEEN @start_date AND @end_date
WHERE b.game_date BETWEEN @start_date AND @end_date AND b.played
GROUP BY 1, 2
"""
_TEAM_ZONES_SQL = f"""
SELECT t.nba_game_id AS game_id, t.team_abbr AS defense_team, t.opponent_points AS pts_allowed,
  {_ZONE_COUNTS}
FROM {{0}} AS t
LEFT JOIN {{1}} AS a
  ON a.game_date = t.game_date AND a.nba_game_id = t.nba_game_id AND a.team_abbr = t.opponent_team_abbr
  AND a.is_field_goal AND a.game_date BETWEEN @start_date AND @end_date
WHERE t.game_date BETWEEN @start_date AND @end_date
GROUP BY 1, 2, 3
"""
_SUMMARY_ZONES_SQL = """
SELECT p.nba_game_id AS game_id, p.player_id, p.paint_attempts AS paint_fga, p.paint_makes AS paint_fgm,
  p.mid_range_attempts AS mid_range_fga, p.mid_range_makes AS mid_range_fgm, p.three_attempts AS three_fga,
  p.three_makes AS three_fgm
FROM {0} AS p
WHERE p.game_date BETWEEN @start_date AND @end_date
"""
_DEFENSE_SQL = """
SELECT d.nba_game_id AS game_id, d.defending_team_abbr AS defense_team, d.points_allowed AS pts_allowed,
  d.opp_fg_attempts AS fga, d.opp_fg_makes AS fgm, d.opp_ft_attempts AS fta, d.opp_ft_makes AS ftm,
  d.opp_paint_attempts AS paint_fga, d.opp_paint_makes AS paint_fgm, d.opp_mid_range_attempts AS mid_range_fga,
  d.opp_mid_range_makes AS mid_range_fgm, d.opp_three_attempts AS three_fga, d.opp_three_makes AS three_fgm
FROM {0} AS d
WHERE d.game_date BETWEEN @start_date AND @end_date
"""
_PROPS_SQL = """
SELECT p.nba_game_id AS game_id, p.odds_api_event_id AS odds_event_id, p.snapshot_timestamp AS snapshot_utc,
  p.bookmaker, p.player_name AS player_name_book, p.player_id, p.points_line AS line,
  p.over_price_american AS over_price, p.under_price_american AS under_price,
  p.snapshot_timestamp < p.tipoff_at AS before_tipoff
FROM {0} AS p
WHERE p.game_date BETWEEN @start_date AND @end_date AND p.is_main AND p.nba_game_id IS NOT NULL
"""
_LINES_SQL = f"""
WITH quotes AS (
  SELECT l.nba_game_id, l.bookmaker_key, l.market_key, l.outcome_point, l.snapshot_timestamp
  FROM {{0}} AS l
  WHERE l.game_date BETWEEN @start_date AND @end_date AND l.snapshot_timestamp < l.commence_time
    AND l.nba_game_id IS NOT NULL AND l.outcome_point IS NOT NULL
    AND ((l.market_key = 'spreads' AND l.outcome_team_abbr = l.home_team_abbr)
      OR (l.market_key = 'totals' AND l.outcome_name = 'Over'))
),
newest AS (
  SELECT q.* FROM quotes AS q
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY q.nba_game_id, q.bookmaker_key, q.market_key ORDER BY q.snapshot_timestamp DESC, q.outcome_point
  ) = 1
),
points AS (
  SELECT n.nba_game_id,
    ARRAY_AGG(IF(n.market_key = 'spreads', n.outcome_point, NULL) IGNORE NULLS ORDER BY n.outcome_point) AS spreads,
    ARRAY_AGG(IF(n.market_key = 'totals', n.outcome_point, NULL) IGNORE NULLS ORDER BY n.outcome_point) AS totals
  FROM newest AS n
  GROUP BY 1
)
SELECT p.nba_game_id AS game_id, COALESCE(ARRAY_LENGTH(p.spreads), 0) AS home_spread_books,
  COALESCE(ARRAY_LENGTH(p.totals), 0) AS total_books,
  {_MEDIAN.format("p.spreads")} AS home_spread,
  {_MEDIAN.format("p.totals")} AS total
FROM points AS p
"""

_PLAYER = ("game_id", "player_id")
_DEFENDER = ("game_id", "defense_team")
_ATTACKER = ("game_id", "offense_team")
_MINUTES = {"minutes": 0.006}

CHECKS = (
    Check(
        "games", "raw", "games", ("game_id",),
        ("game_date", "tipoff_utc", "home_team_id", "away_team_id", "home_team", "away_team", "home_score",
         "away_score"),
        ("nbac_schedule",), _GAMES, known_key=("game_id", "game_id"),
    ),
    Check("player_boxscores", "raw", "player_boxscores", _PLAYER, _BOX, ("nbac_player_boxscores",), _BOX_SQL, _MINUTES),
    Check(
        "player_game_shot_zones", "raw", "player_game_shot_zones", _PLAYER, _ZONES,
        ("nbac_player_boxscores", "nbac_play_by_play"), _PLAYER_ZONES_SQL,
    ),
    Check(
        "team_game_defense_zones", "raw", "team_game_defense_zones", _DEFENDER, ("pts_allowed", *_ZONES),
        ("nbac_team_boxscore", "nbac_play_by_play"), _TEAM_ZONES_SQL, known_key=_ATTACKER, context=("offense_team",),
    ),
    Check(
        "player_points_props", "raw", "player_points_props",
        ("odds_event_id", "snapshot_utc", "bookmaker", "player_name_book"),
        ("game_id", "player_id", "line", "over_price", "under_price", "before_tipoff"),
        ("odds_api_player_points_props",), _PROPS_SQL, explained_by=("main_tie",), context=("main_tie",),
    ),
    Check(
        "game_lines_last_pregame", "raw", "game_lines_last_pregame", ("game_id",),
        ("home_spread", "total", "home_spread_books", "total_books"), ("odds_api_game_lines",), _LINES_SQL,
        {"home_spread": 1e-6, "total": 1e-6}, known_key=("game_id", "game_id"),
    ),
    Check(
        "player_game_summary", "analytics", "player_boxscores", _PLAYER, _BOX, ("player_game_summary",), _SUMMARY_SQL,
        _MINUTES,
    ),
    Check(
        "player_game_summary_zones", "analytics", "player_game_shot_zones", _PLAYER, _ZONES, ("player_game_summary",),
        _SUMMARY_ZONES_SQL,
    ),
    Check(
        "team_defense_game_summary", "analytics", "team_game_defense_zones", _DEFENDER,
        ("pts_allowed", "fga", "fgm", "fta", "ftm", *_ZONES), ("team_defense_game_summary",), _DEFENSE_SQL,
        known_key=_ATTACKER, context=("offense_team",),
    ),
)  # fmt: skip
