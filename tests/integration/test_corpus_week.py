"""Real documents: the first week of November 2024, predicted an hour before each tip-off, graded, held to the truth.

The expected tables of the corpus were derived from the same documents by others; here they are only read.
"""

import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from tipoff_ops.local import LocalMesh
from tipoff_ops.run import LEAD_MINUTES, Runner, corpus_story
from tipoff_ops.summary import summarise

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", ROOT.parent / "shared" / "corpus"))
EXPECTED = CORPUS / "expected" / "2024-25"
FIRST, SECOND, LAST = date(2024, 11, 1), date(2024, 11, 2), date(2024, 11, 7)
BOOKS = ("draftkings", "fanduel")
SYSTEM = "moving_average"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not EXPECTED.is_dir(), reason="the corpus is not there: set TIPOFF_CORPUS"),
]

type Key = tuple[str, int]


class _Points(msgspec.Struct, frozen=True):
    nba_game_id: str
    player_id: int
    points: int | None


class _Grade(msgspec.Struct, frozen=True):
    nba_game_id: str
    player_id: int
    line: float | None
    bookmaker: str | None
    line_error: float | None
    actual_points: int | None
    is_voided: bool


class _Open(msgspec.Struct, frozen=True):
    prediction_id: str


@dataclass
class Week:
    """The played dates and the tables they must agree with."""

    runner: Runner
    first: date
    last: date

    def rows[T](self, sql: str, kind: type[T]) -> list[T]:
        return self.runner.warehouse.rows(sql, {"first": self.first, "last": self.last}, kind)

    def expected(self, name: str) -> list[dict[str, Any]]:
        """Rows of an expected table for the dates."""
        table = pq.read_table(EXPECTED / f"{name}.parquet")
        days = table["game_date"]
        keep = pc.and_(pc.greater_equal(days, self.first), pc.less_equal(days, self.last))
        found: list[dict[str, Any]] = table.filter(keep).to_pylist()
        return found

    def expected_points(self) -> dict[Key, int]:
        return {(row["game_id"], row["player_id"]): row["pts"] for row in self.expected("player_boxscores")}

    def expected_lines(self) -> dict[Key, float]:
        """The line to beat of each player listed before the cutoff: the first preferred book's last one, else the
        one nearest the median of all books."""
        tipoffs = {row["game_id"]: _instant(row["tipoff_utc"]) for row in self.expected("games")}
        newest: defaultdict[Key, dict[str, tuple[datetime, float]]] = defaultdict(dict)
        for row in self.expected("player_points_props"):
            at = _instant(row["snapshot_utc"])
            if row["player_id"] is None or at >= tipoffs[row["game_id"]] - timedelta(minutes=LEAD_MINUTES):
                continue
            books = newest[row["game_id"], row["player_id"]]
            if row["bookmaker"] not in books or books[row["bookmaker"]][0] < at:
                books[row["bookmaker"]] = at, row["line"]
        return {key: _chosen({book: line for book, (_, line) in books.items()}) for key, books in newest.items()}

    def grades(self) -> dict[Key, _Grade]:
        found = self.rows(_GRADES, _Grade)
        return {(row.nba_game_id, row.player_id): row for row in found}


_GRADES = f"""
SELECT a.nba_game_id, a.player_id, CAST(a.line_value AS FLOAT64) AS line, a.line_bookmaker AS bookmaker,
  a.line_error, a.actual_points, a.is_voided
FROM nba_predictions.prediction_accuracy AS a
WHERE a.game_date BETWEEN @first AND @last AND a.system_id = '{SYSTEM}'
"""


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _chosen(lines: dict[str, float]) -> float:
    for book in BOOKS:
        if book in lines:
            return lines[book]
    middle = median(lines.values())
    return min(lines.items(), key=lambda found: (abs(found[1] - middle), found[0]))[1]


@pytest.fixture(
    scope="module",
    params=[SECOND, pytest.param(LAST, marks=pytest.mark.slow)],
    ids=["two days", "the week"],
)
def week(mesh: LocalMesh, request: pytest.FixtureRequest) -> Week:
    story = corpus_story(CORPUS / "landing-2024-25.zip", FIRST, request.param)
    runner = Runner(mesh, story, Console(quiet=True))
    runner.play()
    return Week(runner, FIRST, request.param)


def test_points_equal_the_expected_row_for_row(week: Week) -> None:
    rows = week.rows(
        "SELECT s.nba_game_id, s.player_id, s.points FROM nba_analytics.player_game_summary AS s "
        "WHERE s.game_date BETWEEN @first AND @last",
        _Points,
    )
    ours = {(row.nba_game_id, row.player_id): row.points for row in rows}
    assert len(ours) == len(rows)
    assert ours == week.expected_points()


def test_every_predicted_player_game_is_graded_or_voided(week: Week) -> None:
    still_open = week.rows(
        "SELECT p.prediction_id FROM nba_predictions.player_prop_predictions AS p "
        "LEFT JOIN nba_predictions.prediction_accuracy AS a "
        "ON a.prediction_id = p.prediction_id AND a.game_date = p.game_date "
        "WHERE p.game_date BETWEEN @first AND @last AND p.is_active "
        "AND NOT COALESCE(a.is_voided OR a.absolute_error IS NOT NULL, FALSE)",
        _Open,
    )
    assert not still_open
    summary = summarise(week.runner.warehouse, [week.first, week.last])
    assert all(slate.predicted > 0 and slate.missing == 0 for slate in summary.slates)
    assert sum(slate.games for slate in summary.slates) == len(week.expected("games"))


def test_the_line_of_each_graded_player_is_the_expected_one(week: Week) -> None:
    """Both ways: no line that the documents do not have, and none of theirs overlooked."""
    expected, grades = week.expected_lines(), week.grades()
    ours = {key: grade.line for key, grade in grades.items() if grade.line is not None}
    assert len(ours) > 50
    assert ours == {key: line for key, line in expected.items() if key in grades}


def test_the_error_of_the_line_equals_that_of_the_expected_tables(week: Week) -> None:
    points, lines, grades = week.expected_points(), week.expected_lines(), week.grades()
    graded = {key: grade for key, grade in grades.items() if grade.line is not None and not grade.is_voided}
    ours = sum(abs(grade.line_error or 0.0) for grade in graded.values()) / len(graded)
    theirs = sum(abs(lines[key] - points[key]) for key in graded) / len(graded)
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert set(graded) == {key for key in lines if key in points and key in grades}
