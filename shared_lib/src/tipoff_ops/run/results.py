"""The results of a run: what was predicted on each date, and how it compares with the line."""

from collections.abc import Sequence
from datetime import date

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.queries import load


class SystemRow(msgspec.Struct, frozen=True):
    """One system on one date; errors are mean absolute, in points."""

    game_date: date
    system_id: str
    games: int
    predictions: int
    voids: int
    graded: int
    mae_pts: float | None
    with_line: int
    mae_listed_pts: float | None
    line_mae_pts: float | None


class SlateRow(msgspec.Struct, frozen=True):
    """How the candidates of one date ended: `players` of them, in all."""

    game_date: date
    games: int
    players: int
    predicted: int
    skipped: int
    missing: int


class RunResults(msgspec.Struct, frozen=True):
    """The results of a run: one row for each date, and one for each date and system."""

    slates: tuple[SlateRow, ...]
    systems: tuple[SystemRow, ...]


def read_results(warehouse: Warehouse, dates: Sequence[date]) -> RunResults:
    """Read the results of these dates."""
    parameters = {"start_date": min(dates), "end_date": max(dates)}
    slates = warehouse.rows(load(__file__, "slate_of_dates"), parameters, SlateRow)
    systems = warehouse.rows(load(__file__, "graded_systems"), parameters, SystemRow)
    return RunResults(tuple(slates), tuple(systems))


HEADER = (
    "date       games slate ended system         graded voids   MAE lines   MAE  line\n"
    "---------- ----- ----- ----- -------------- ------ ----- ----- ----- ----- -----"
)


def as_text(results: RunResults) -> str:
    """The results for a terminal of 80 columns: a row for each date and system, errors as mean absolute points.

    `lines` counts graded rows with a line before the cutoff. The MAE after it and the MAE of the line are over these
    rows.
    """
    slates = {slate.game_date: slate for slate in results.slates}
    return "\n".join([HEADER, *(_row(row, slates.get(row.game_date)) for row in results.systems)])


def _row(row: SystemRow, slate: SlateRow | None) -> str:
    players = slate.players if slate else 0
    ended = slate.predicted + slate.skipped if slate else 0
    counts = f"{row.games:5d} {players:5d} {ended:5d} {row.system_id:14s} {row.graded:6d} {row.voids:5d}"
    errors = f"{_points(row.mae_pts)} {row.with_line:5d} {_points(row.mae_listed_pts)} {_points(row.line_mae_pts)}"
    return f"{row.game_date} {counts} {errors}"


def _points(value: float | None) -> str:
    return "    -" if value is None else f"{value:5.2f}"
