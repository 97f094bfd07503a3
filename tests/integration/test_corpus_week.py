"""Real documents: the first week of November 2024, predicted an hour before each tip-off, graded, held to the truth.

The expected tables of the corpus were derived from the same documents by others; here they are only read.
"""

import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import log
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from tipoff.cloud.arrow import ArrowReader
from tipoff.forecast import distributions as dist
from tipoff.forecast import report
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.walk_forward import Forecasts
from tipoff.steps.models.training_table import read_rows, training_table
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.run.results import read_results
from tipoff_ops.run.runner import LEAD_MINUTES, Runner
from tipoff_ops.run.scenario import corpus_scenario

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", ROOT.parent / "shared" / "corpus"))
EXPECTED = CORPUS / "expected" / "2024-25"
FIRST, SECOND, LAST = date(2024, 11, 1), date(2024, 11, 2), date(2024, 11, 7)
SYSTEM = "moving_average"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not EXPECTED.is_dir(), reason="the corpus is not there: set TIPOFF_CORPUS"),
]

type Key = tuple[str, int]


class _Line(NamedTuple):
    points_line: float
    bookmaker: str
    over_american: int
    under_american: int


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


class _ContextLine(msgspec.Struct, frozen=True):
    nba_game_id: str
    player_id: int
    line: float


class _Open(msgspec.Struct, frozen=True):
    prediction_id: str


@dataclass
class Week:
    """The played dates and the tables they must agree with."""

    mesh: LocalMesh
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

    def expected_lines(self) -> dict[Key, _Line]:
        """The lower median of the books' last main lines before the cutoff, with that book's prices."""
        tipoffs = {row["game_id"]: _instant(row["tipoff_utc"]) for row in self.expected("games")}
        newest: defaultdict[Key, dict[str, tuple[datetime, _Line]]] = defaultdict(dict)
        for row in self.expected("player_points_props"):
            at = _instant(row["snapshot_utc"])
            if row["player_id"] is None or at >= tipoffs[row["game_id"]] - timedelta(minutes=LEAD_MINUTES):
                continue
            books = newest[row["game_id"], row["player_id"]]
            if row["bookmaker"] not in books or books[row["bookmaker"]][0] < at:
                line = _Line(row["line"], row["bookmaker"], row["over_price"], row["under_price"])
                books[row["bookmaker"]] = at, line
        ladders = {key: sorted(line for _, line in books.values()) for key, books in newest.items()}
        return {key: ladder[(len(ladder) - 1) // 2] for key, ladder in ladders.items()}

    def training_table(self) -> TrainingTable:
        """The rows that training and the backtest read."""
        reader = ArrowReader(self.mesh.settings)
        return training_table(read_rows(reader, self.first, self.last, datetime(2030, 1, 1, tzinfo=UTC)))

    def grades(self) -> dict[Key, _Grade]:
        found = self.rows(_GRADES, _Grade)
        return {(row.nba_game_id, row.player_id): row for row in found}


_GRADES = f"""
SELECT a.nba_game_id, a.player_id, CAST(a.line_value AS FLOAT64) AS line, a.line_bookmaker AS bookmaker,
  a.line_error, a.actual_points, a.is_voided
FROM nba_predictions.prediction_accuracy AS a
WHERE a.game_date BETWEEN @first AND @last AND a.system_id = '{SYSTEM}'
"""


_CONTEXT = """
SELECT c.nba_game_id, c.player_id, CAST(c.current_points_line AS FLOAT64) AS line
FROM nba_analytics.upcoming_player_game_context AS c
WHERE c.game_date BETWEEN @first AND @last AND c.current_points_line IS NOT NULL
"""


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(
    scope="module",
    params=[SECOND, pytest.param(LAST, marks=pytest.mark.slow)],
    ids=["two days", "the week"],
)
def week(mesh: LocalMesh, request: pytest.FixtureRequest) -> Week:
    story = corpus_scenario(CORPUS / "landing-2024-25.zip", FIRST, request.param)
    runner = Runner(mesh, story, Console(quiet=True))
    runner.play()
    return Week(mesh, runner, FIRST, request.param)


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
    summary = read_results(week.runner.warehouse, [week.first, week.last])
    assert all(slate.predicted > 0 and slate.missing == 0 for slate in summary.slates)
    assert sum(slate.games for slate in summary.slates) == len(week.expected("games"))


def test_the_line_of_each_graded_player_is_the_expected_one(week: Week) -> None:
    """Both ways: no line that the documents do not have, and none of theirs overlooked."""
    expected, grades = week.expected_lines(), week.grades()
    ours = {key: (grade.line, grade.bookmaker) for key, grade in grades.items() if grade.line is not None}
    assert len(ours) > 50
    assert ours == {key: (line.points_line, line.bookmaker) for key, line in expected.items() if key in grades}


def test_the_error_of_the_line_equals_that_of_the_expected_tables(week: Week) -> None:
    points, lines, grades = week.expected_points(), week.expected_lines(), week.grades()
    graded = {key: grade for key, grade in grades.items() if grade.line is not None and not grade.is_voided}
    ours = sum(abs(grade.line_error or 0.0) for grade in graded.values()) / len(graded)
    theirs = sum(abs(lines[key].points_line - points[key]) for key in graded) / len(graded)
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert set(graded) == {key for key in lines if key in points and key in grades}


def test_training_and_context_have_the_same_lines(week: Week) -> None:
    """Four readers of one definition: what is graded, what trains, what the backtest judges, what the page shows."""
    expected, table = week.expected_lines(), week.training_table()
    keys = list(zip(table.game_ids.tolist(), table.player_ids.tolist(), strict=True))
    prices = np.column_stack((table.line_pts, table.over_american, table.under_american))
    ours = {key: tuple(row) for key, row in zip(keys, prices.tolist(), strict=True) if np.isfinite(row[0])}
    assert len(ours) > 50
    assert ours == {
        key: (line.points_line, line.over_american, line.under_american)
        for key, line in expected.items()
        if key in set(keys)
    }
    context = {(row.nba_game_id, row.player_id): row.line for row in week.rows(_CONTEXT, _ContextLine)}
    assert {key: context[key] for key in ours} == {key: line for key, (line, _, _) in ours.items()}


def test_the_report_judges_what_the_expected_tables_say(week: Week) -> None:
    """MAE of the line and log-loss of the market, computed from the expected tables alone."""
    points, lines, table = week.expected_points(), week.expected_lines(), week.training_table()
    keys = set(zip(table.game_ids.tolist(), table.player_ids.tolist(), strict=True)) & points.keys() & lines.keys()
    errors = [abs(lines[key].points_line - points[key]) for key in keys]
    decided = [key for key in keys if lines[key].points_line != points[key]]
    losses = [_market_loss(lines[key], points[key]) for key in decided]

    pmf = np.full((len(table), dist.MAX_POINTS + 1), 1 / (dist.MAX_POINTS + 1))
    anything = Forecasts(np.ones(len(table), dtype=bool), np.ones(len(table)), pmf, np.ones(len(table), dtype=bool))
    lined = np.isfinite(table.line_pts)
    judged = report.scores("lined", table, anything, lined)
    market = report.probabilities("lined", table, anything, lined, 0.5)
    assert judged is not None and market is not None
    assert (judged.n, market.n) == (len(keys), len(decided))
    assert judged.line_mae == pytest.approx(sum(errors) / len(errors), abs=1e-9)
    assert market.market_log_loss == pytest.approx(sum(losses) / len(losses), abs=1e-9)


def _market_loss(line: _Line, points: int) -> float:
    over, under = _implied(line.over_american), _implied(line.under_american)
    prob_over = over / (over + under)
    return -log(prob_over if points > line.points_line else 1 - prob_over)


def _implied(american: int) -> float:
    return 100 / (american + 100) if american > 0 else -american / (100 - american)
