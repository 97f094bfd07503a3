"""A filter prunes a base table only if it is constant and reaches it."""

import pytest
import sqlglot
from sqlglot import exp

from tipoff_local.bigquery.scans import Reference, Scan, Scanner

VIEWS = {
    "plain": "SELECT g.day, g.home AS team, g.points FROM d.games AS g",
    "newest": "SELECT * FROM d.games QUALIFY ROW_NUMBER() OVER (PARTITION BY day, home ORDER BY seen DESC) = 1",
    "of_season": "SELECT *, COUNT(*) OVER (PARTITION BY season) AS n FROM d.games",
    "shifted": "SELECT DATE_ADD(day, INTERVAL 1 DAY) AS day, points FROM d.games",
    "summed": "SELECT day, SUM(points) AS points FROM d.games GROUP BY day",
    "total": "SELECT MAX(day) AS day FROM d.games",
    "first": "SELECT day FROM d.games ORDER BY seen LIMIT 1",
    "both": "SELECT day, home FROM d.games UNION ALL SELECT on_day, away FROM d.visits",
}


def definition(source: exp.Table, name: Reference) -> exp.Expr | None:
    text = VIEWS.get(name[2])
    return None if text is None else sqlglot.parse_one(text, read="bigquery")


def scans(sql: str) -> list[Scan]:
    return list(Scanner("p", definition).statement(sqlglot.parse_one(sql, read="bigquery")))


def bounds(sql: str) -> list[str]:
    """`table: bounds of its day`, or `table: all`."""
    found = []
    for scan in scans(sql):
        column = "on_day" if scan.table[2] == "visits" else "day"
        parts = [
            "..".join(side.sql("bigquery") if side else "" for side in (bound.low, bound.high))
            for bound in scan.bounds.get(column, ())
        ]
        found.append(f"{scan.table[2]}: {' & '.join(parts) or 'all'}")
    return found


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1 FROM d.games WHERE day BETWEEN @a AND CAST(@b AS DATE)", "@a..CAST(@b AS DATE)"),
        ("SELECT 1 FROM d.games AS g WHERE g.day >= @a AND g.points > 3", "@a.."),
        ("SELECT 1 FROM d.games AS g WHERE @a = g.day", "@a..@a"),
        ("SELECT 1 FROM d.games AS g WHERE g.day = @a OR g.points = 1", "all"),
        ("SELECT 1 FROM d.games AS g WHERE g.day = (SELECT @a)", "all"),
        ("SELECT 1 FROM d.games AS g WHERE DATE_ADD(g.day, INTERVAL 1 DAY) = @a", "all"),
        ("SELECT 1 FROM d.plain AS v WHERE v.day <= @a", "..@a"),
        ("SELECT 1 FROM d.newest AS v WHERE v.day = @a", "@a..@a"),
        ("SELECT 1 FROM d.of_season AS v WHERE v.day = @a", "all"),
        ("SELECT 1 FROM d.shifted AS v WHERE v.day = @a", "all"),
        ("SELECT 1 FROM d.summed AS v WHERE v.day = @a", "@a..@a"),
        ("SELECT 1 FROM d.total AS v WHERE v.day = @a", "all"),
        ("SELECT 1 FROM d.first AS v WHERE v.day = @a", "all"),
        ("WITH c AS (SELECT * FROM d.games) SELECT 1 FROM c WHERE c.day = @a", "@a..@a"),
        ("SELECT 1 FROM (SELECT day FROM d.games WHERE day < @b) AS s WHERE s.day >= @a", "..@b & @a.."),
        ("DELETE FROM d.games WHERE day = @a", "@a..@a"),
        ("INSERT INTO d.visits SELECT home FROM d.games WHERE day = @a", "@a..@a"),
    ],
)  # fmt: skip
def test_a_constant_filter_that_reaches_the_table_bounds_it(sql: str, found: str) -> None:
    assert bounds(sql) == [f"games: {found}"]


def test_a_filter_reaches_each_arm_of_a_union_and_each_side_of_a_join_by_its_own_condition() -> None:
    assert bounds("SELECT 1 FROM d.both AS b WHERE b.day = @a") == ["games: @a..@a", "visits: @a..@a"]
    joined = "SELECT 1 FROM d.games AS g LEFT JOIN d.visits AS v ON v.on_day = g.day AND v.on_day > @b WHERE g.day = @a"
    assert bounds(joined) == ["games: @a..@a", "visits: @b.."]


def test_only_columns_that_are_used_count() -> None:
    used: dict[str, frozenset[str]] = {
        "SELECT g.home FROM d.games AS g WHERE g.day = @a": frozenset({"home", "day"}),
        "SELECT v.points FROM d.plain AS v": frozenset({"points"}),
        "SELECT COUNT(*) FROM d.plain AS v WHERE v.team = 'BOS'": frozenset({"home"}),
        "SELECT v.home FROM d.newest AS v": frozenset({"home", "day", "seen"}),
    }
    for sql, columns in used.items():
        [scan] = scans(sql)
        assert scan.columns is not None and scan.columns == columns, sql
    assert [scan.columns for scan in scans("SELECT * FROM d.games")] == [None]
