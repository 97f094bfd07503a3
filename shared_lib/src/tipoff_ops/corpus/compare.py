"""Compares the tables of a warehouse with the expected tables of a corpus, cell by cell."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet

from tipoff_ops.corpus.checks import CHECKS, Check

type Cell = str | int | float | bool | None
type Cells = Mapping[str, Cell]
type Key = tuple[Cell, ...]
type Query = Callable[[str, Mapping[str, date]], Iterable[Mapping[str, Any]]]

EXAMPLES_MAX = 20


class Rows(Protocol):
    """The method of a warehouse that a comparison calls."""

    def rows(self, sql: str, parameters: Mapping[str, date], row_type: type[dict[str, Any]], /) -> list[dict[str, Any]]:
        """Rows of one SELECT."""
        ...


@dataclass(frozen=True)
class Difference:
    """One cell that is not as expected; `column` is `row` if a whole row is missing or unexpected."""

    table: str
    key: Key
    column: str
    expected: Cell
    actual: Cell
    explanation: str | None = None


@dataclass(frozen=True)
class TableReport:
    """The comparison of one table of one season.

    Attributes:
        expected, actual: number of rows.
        mismatched: rows that are missing, unexpected, or have an unexplained difference.
        explained: rows whose differences are all known.
        examples: the first unexplained differences.
    """

    season: str
    table: str
    expected: int
    actual: int
    mismatched: int
    explained: int
    examples: tuple[Difference, ...] = field(default=())


def compare_seasons(warehouse: Rows, corpus: Path, seasons: Sequence[str], layer: str = "all") -> Iterator[TableReport]:
    """Run the checks of `layer` (raw, analytics or all) for each season.

    Args:
        warehouse: has the tables.
        corpus: folder with `expected/<season>/*.parquet`.
        seasons: season names; empty for all seasons of the corpus.
    """
    known = known_differences(corpus / "expected" / "known_differences.csv")
    for season in seasons or expected_seasons(corpus):
        folder = corpus / "expected" / season
        window = _window(folder)
        for check in CHECKS:
            if layer in ("all", check.layer) and (folder / f"{check.expected_file}.parquet").is_file():
                rows = read_parquet(folder / f"{check.expected_file}.parquet")
                expected = index_rows(check, rows)
                actual = index_rows(check, warehouse.rows(check.sql(), window, dict[str, Any]))
                yield compare(season, check, expected, actual, known)


def expected_seasons(corpus: Path) -> list[str]:
    """Seasons with expected tables, oldest first."""
    return sorted(each.name for each in (corpus / "expected").iterdir() if each.is_dir())


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """The rows of one expected table."""
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def _window(folder: Path) -> Mapping[str, date]:
    dates = [row["game_date"] for row in read_parquet(folder / "games.parquet")]
    return {"start_date": min(dates), "end_date": max(dates)}


def known_differences(path: Path) -> frozenset[tuple[str, ...]]:
    """(table, game_id, key, column, from_documents, expected) of each cell that contradicts the corpus' documents."""
    if not path.is_file():
        return frozenset()
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(tuple(row.values()) for row in csv.DictReader(file))


def index_rows(check: Check, rows: Iterable[Mapping[str, Any]]) -> dict[Key, Cells]:
    """Rows by the key of the check, with canonical values."""
    found: dict[Key, Cells] = {}
    for row in rows:
        cells = {name: canonical(row.get(name)) for name in (*check.key, *check.columns, *check.context)}
        found[tuple(cells[name] for name in check.key)] = cells
    return found


def canonical(value: object) -> Cell:
    """A value in its canonical form: dates and instants as ISO text, decimals as floats, NaN as None."""
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case float() if value != value:
            return None
        case None | str() | bool() | int() | float():
            return value
        case _:
            return str(value)


def compare(
    season: str, check: Check, expected: Mapping[Key, Cells], actual: Mapping[Key, Cells],
    known: frozenset[tuple[str, ...]],
) -> TableReport:  # fmt: skip
    """Compare two indexed tables cell by cell."""
    rows = [_row_differences(check, key, expected.get(key), actual.get(key), known) for key in {**expected, **actual}]
    different = [each for each in rows if each]
    unexplained = [each for each in different if any(one.explanation is None for one in each)]
    examples = [one for each in unexplained for one in each if one.explanation is None]
    return TableReport(
        season, check.name, len(expected), len(actual), len(unexplained), len(different) - len(unexplained),
        tuple(examples[:EXAMPLES_MAX]),
    )  # fmt: skip


def _row_differences(
    check: Check, key: Key, expected: Cells | None, actual: Cells | None, known: frozenset[tuple[str, ...]]
) -> list[Difference]:
    if expected is None or actual is None:
        side = (None, "present") if expected is None else ("present", None)
        return [Difference(check.name, key, "row", *side)]
    return [
        Difference(check.name, key, name, expected[name], actual[name], _explain(check, name, expected, actual, known))
        for name in check.columns
        if not same(expected[name], actual[name], check.tolerance.get(name, 0.0))
    ]


def same(expected: Cell, actual: Cell, tolerance: float) -> bool:
    """Whether two cells are equal, or numbers that differ by at most `tolerance`."""
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return abs(expected - actual) <= tolerance
    return expected == actual


def _explain(
    check: Check, column: str, expected: Cells, actual: Cells, known: frozenset[tuple[str, ...]]
) -> str | None:
    if any(expected.get(name) for name in check.explained_by):
        return next(name for name in check.explained_by if expected.get(name))
    difference = (
        check.expected_file, str(expected[check.known_key[0]]), str(expected[check.known_key[1]]), column,
        str(actual[column]), str(expected[column]),
    )  # fmt: skip
    return "known_difference" if difference in known else None
