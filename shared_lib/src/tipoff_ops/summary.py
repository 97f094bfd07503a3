"""The table at the end of a run: per date what was predicted, and how it compares with the line."""

from collections.abc import Sequence
from datetime import date

import msgspec
from rich.table import Table

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


def as_table(summary: Summary) -> Table:
    """The summary for a terminal."""
    table = Table(title="Predicted before tip-off, graded after the final whistle")
    for name in ("date", "games", "slate", "ended", "system", "graded", "voids", "MAE", "listed", "MAE listed", "line"):
        table.add_column(name, justify="left" if name in ("date", "system") else "right")
    slates = {slate.game_date: slate for slate in summary.slates}
    for row in summary.systems:
        table.add_row(*_cells(row, slates.get(row.game_date)))
    return table


def _cells(row: SystemRow, slate: SlateRow | None) -> tuple[str, ...]:
    players = slate.players if slate else 0
    ended = slate.predicted + slate.skipped if slate else 0
    return (
        str(row.game_date),
        str(row.games),
        str(players),
        str(ended),
        row.system_id,
        str(row.graded),
        str(row.voids),
        _points(row.mae_pts),
        str(row.with_line),
        _points(row.mae_listed_pts),
        _points(row.line_mae_pts),
    )


def _points(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
