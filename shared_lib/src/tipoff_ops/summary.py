"""The table at the end of a run: per date what was predicted, and how it compares with the line."""

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
    """How the candidates of one date ended."""

    game_date: date
    games: int
    players: int
    predicted: int
    skipped: int
    missing: int


class Summary(msgspec.Struct, frozen=True):
    """What a run has to show."""

    slates: tuple[SlateRow, ...]
    systems: tuple[SystemRow, ...]


def summarise(warehouse: Warehouse, dates: Sequence[date]) -> Summary:
    """Read the summary of these dates."""
    parameters = {"start_date": min(dates), "end_date": max(dates)}
    slates = warehouse.rows(load("slate_of_dates"), parameters, SlateRow)
    systems = warehouse.rows(load("run_summary"), parameters, SystemRow)
    return Summary(tuple(slates), tuple(systems))


HEADER = (
    "date        games  slate  ended  system          graded  voids    MAE   listed    MAE   line\n"
    "----------  -----  -----  -----  --------------  ------  -----  -----   ------  -----  -----"
)


def as_text(summary: Summary) -> str:
    """The summary for a terminal: a row per date and system, errors as mean absolute points.

    `listed` counts graded rows with a line before the cutoff; the MAE beside it and the line's are over exactly these.
    """
    slates = {slate.game_date: slate for slate in summary.slates}
    return "\n".join([HEADER, *(_row(row, slates.get(row.game_date)) for row in summary.systems)])


def _row(row: SystemRow, slate: SlateRow | None) -> str:
    players = slate.players if slate else 0
    ended = slate.predicted + slate.skipped if slate else 0
    counts = f"{row.games:5d}  {players:5d}  {ended:5d}  {row.system_id:14s}  {row.graded:6d}  {row.voids:5d}"
    errors = f"{_points(row.mae_pts)}   {row.with_line:6d}  {_points(row.mae_listed_pts)}  {_points(row.line_mae_pts)}"
    return f"{row.game_date}  {counts}  {errors}"


def _points(value: float | None) -> str:
    return "    -" if value is None else f"{value:5.2f}"
