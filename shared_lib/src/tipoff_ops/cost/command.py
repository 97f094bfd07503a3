"""`tipoff cost`: what a day cost at list price, by component and by cause."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.table import Table

from tipoff.prices import Usage
from tipoff_local.mesh import Names
from tipoff_ops.cli.options import DATE_FORMATS, AsJson, Env, Folder, Project
from tipoff_ops.cli.output import out, print_json
from tipoff_ops.cost.counted import counted_usage
from tipoff_ops.cost.days import played_days
from tipoff_ops.cost.project import project_usage
from tipoff_ops.local.folder import cloud_folder
from tipoff_ops.operate.target import cloud_target, local_names

EASTERN = ZoneInfo("America/New_York")


class CauseCost(msgspec.Struct, frozen=True):
    """What one cause cost: USD by component, and the tables that were billed for it."""

    cause: str
    usd: float
    references: int
    requests: int
    components: Mapping[str, float]


def cost(
    game_date: Annotated[
        datetime | None,
        typer.Argument(formats=DATE_FORMATS, help="A played date or an Eastern day [all of them]."),
    ] = None,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Show what a day cost, by component and cause.

    Prices are list prices. A local cloud counts what its servers were used for. A project is asked for its jobs and
    metrics.

    Example: tipoff cost 2025-11-20
    """
    day = game_date.date() if game_date is not None else None
    usage = project_usage(cloud_target(project, env), *_eastern_day(day)) if project else _local_usage(folder, day)
    rows = cause_costs(usage)
    if as_json:
        print_json(rows)
    else:
        out.print(as_table(rows))


def cause_costs(usage: Mapping[str, Usage]) -> list[CauseCost]:
    """One row for each cause, the dearest first."""
    rows = [
        CauseCost(cause, used.dollars, int(used.bigquery_references), int(used.requests), used.by_component)
        for cause, used in usage.items()
    ]
    return sorted(rows, key=lambda row: -row.usd)


def as_table(rows: list[CauseCost]) -> Table:
    """The rows and their sum, in cents, with the dearest components of each. It fits 80 columns."""
    names = {name for row in rows for name in row.components}
    total = CauseCost(
        "total",
        sum(row.usd for row in rows),
        sum(row.references for row in rows),
        sum(row.requests for row in rows),
        {name: sum(row.components.get(name, 0.0) for row in rows) for name in names},
    )
    table = Table("cause", title="US cents at list price")
    for heading in ("tables", "requests", "cents"):
        table.add_column(heading, justify="right")
    table.add_column("of which")
    for row in [*rows, total]:
        table.add_row(row.cause, str(row.references), str(row.requests), f"{100 * row.usd:.3f}", _dearest(row))
    return table


def _dearest(row: CauseCost) -> str:
    """The three dearest components, such as `BigQuery queries 1.8, functions 0.4`."""
    parts = sorted(row.components.items(), key=lambda part: -part[1])[:3]
    return ", ".join(f"{name} {100 * usd:.2f}" for name, usd in parts if 100 * usd >= 0.005)


def _local_usage(folder: Path | None, day: date | None) -> dict[str, Usage]:
    """What the local cloud counted, on the date as it was played, or else on the Eastern day."""
    data = cloud_folder(folder).data
    names: Names = local_names()
    if day is None:
        return counted_usage(names, data, 0.0, float("inf"))
    start_at, end_at = _eastern_day(day)
    spans = played_days(data).get(day) or [(start_at.timestamp(), end_at.timestamp())]
    total: dict[str, Usage] = {}
    for start_s, end_s in spans:
        for cause, used in counted_usage(names, data, start_s, end_s).items():
            total[cause] = total.get(cause, Usage()) + used
    return total


def _eastern_day(day: date | None) -> tuple[datetime, datetime]:
    """The first instant of the day and of the next; today if None."""
    chosen = day or datetime.now(EASTERN).date()
    start = datetime.combine(chosen, time(), EASTERN)
    end = datetime.combine(chosen + timedelta(days=1), time(), EASTERN)
    return start.astimezone(UTC), end.astimezone(UTC)
