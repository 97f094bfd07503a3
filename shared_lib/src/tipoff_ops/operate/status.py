"""`tipoff status`: the state of an environment, from its tables."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
import typer

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.expected import Expected
from tipoff.core.game_date import FIRST_INSTANT, game_date_of
from tipoff.steps.rebuild.checks import FailedCheck, failed_checks
from tipoff.steps.reconcile import assessed, game_days
from tipoff_ops.cli.options import DATE_FORMATS, AsJson, Env, Folder, Project
from tipoff_ops.cli.output import out, print_json, print_rows
from tipoff_ops.operate.target import Target, selected_target
from tipoff_ops.queries import load

LOOKBACK_DAYS = 10
NEWEST_RUNS_DAYS = 2


class OutputStatus(msgspec.Struct, frozen=True):
    """One output over the last dates.

    Attributes:
        newest_complete: newest date that is complete.
        newest_due: newest date that is due and has games.
        open: dates that can still become complete in time.
        failed: dates that are failed or degraded.
        cause: why the newest date that is late, failed or degraded is so.
    """

    output: str
    newest_complete: date | None
    newest_due: date | None
    open: int
    failed: int
    cause: str


class StepStatus(msgspec.Struct, frozen=True):
    """The newest run of a step in the last two days, or over a date; `failures` counts its failed runs."""

    step: str
    outcome: str
    cause: str
    start_date: date | None
    end_date: date | None
    ended_at: datetime
    duration_seconds: float
    failures: int


class PendingCount(msgspec.Struct, frozen=True):
    """How many entries of one level and code are in quarantine, or how many units of a running replay are left."""

    name: str
    held: int


class SourceStatus(msgspec.Struct, frozen=True):
    """One source: its newest run, its newest success, the circuit breaker of its host, and the credits left."""

    source: str
    host: str
    last_outcome: str
    last_run_at: datetime
    last_ok_at: datetime | None
    circuit: Literal["closed", "open"]
    open_until: datetime | None
    credits_left: int | None


class _Newest(msgspec.Struct, frozen=True):
    game_date: date | None


class Status(msgspec.Struct, frozen=True):
    """State of an environment; `good` if no output is late or failed, no newest run failed and every check passes."""

    day: date
    good: bool
    outputs: tuple[OutputStatus, ...]
    steps: tuple[StepStatus, ...]
    held: tuple[PendingCount, ...]
    sources: tuple[SourceStatus, ...]
    checks: tuple[FailedCheck, ...] = ()


def status(
    day: Annotated[datetime | None, typer.Argument(formats=DATE_FORMATS, help="A date [today].")] = None,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Show what is complete, late, failed or in quarantine.

    One line for each output, step, reason code in quarantine, source and failed check.

    Example: tipoff status 2025-11-20
    """
    with selected_target(folder, project, env) as target:
        now = datetime.now(UTC)
        shown = day.date() if day else past_season_day(target, now)
        found = read_status(target.warehouse, now, shown)
    if as_json:
        print_json(found)
    else:
        out.print(f"state on {found.day}; UTC")
        print_rows(found.outputs, empty="no output is expected")
        print_rows(found.steps, empty="no step ran over this date" if day else "no step ran in the last two days")
        print_rows(found.held, empty="nothing is in quarantine")
        print_rows(found.sources, empty="nothing was collected")
        print_rows(found.checks, empty="every check passes")
    raise typer.Exit(0 if found.good else 1)


def past_season_day(target: Target, now: datetime) -> date | None:
    """The newest date that a local cloud has predicted, if its seasons are over; None for today."""
    today = game_date_of(now)
    over = {"start_date": today, "end_date": today}
    if target.settings.bigquery_emulator_host is None or game_days(target.warehouse, over)[0].season_known:
        return None
    return target.warehouse.rows(load(__file__, "newest_predicted"), {}, _Newest)[0].game_date


def read_status(warehouse: Warehouse, now: datetime, day: date | None = None) -> Status:
    """The state on a date (today if None) and the ten days before it.

    A date that is named is judged by itself: its outputs, and the newest run of each step over it.
    """
    last = day or game_date_of(now)
    dates = {"start_date": last - timedelta(days=LOOKBACK_DAYS), "end_date": last}
    rows = assessed(warehouse, dates, game_days(warehouse, dates), now)
    outputs = tuple(_output_status(name, rows) for name in dict.fromkeys(row.output for row in rows))
    runs = _runs_asked(now, day)
    steps = tuple(warehouse.rows(load(__file__, "newest_runs"), runs, StepStatus))
    pending = tuple(warehouse.rows(load(__file__, "pending_counts"), {}, PendingCount))
    sources = tuple(warehouse.rows(load(__file__, "source_health"), {"now": now}, SourceStatus))
    judged = [row for row in rows if day is None or row.game_date == day]
    failed = any(row.state in ("LATE", "FAILED") for row in judged) or any(step.outcome == "failed" for step in steps)
    checks = failed_checks(warehouse, dates)
    return Status(last, not (failed or checks), outputs, steps, pending, sources, checks)


def _runs_asked(now: datetime, day: date | None) -> dict[str, datetime | date]:
    """The runs to show: those of the last two days, or all runs over a date."""
    if day is None:
        return {"since": now - timedelta(days=NEWEST_RUNS_DAYS), "first_date": date.min, "last_date": date.max}
    return {"since": FIRST_INSTANT, "first_date": day, "last_date": day}


def _output_status(name: str, rows: tuple[Expected, ...]) -> OutputStatus:
    own = [row for row in rows if row.output == name]
    bad = [row for row in own if row.state in ("LATE", "FAILED", "DEGRADED")]
    return OutputStatus(
        output=name,
        newest_complete=max((row.game_date for row in own if row.state == "COMPLETE"), default=None),
        newest_due=max((row.game_date for row in own if row.state not in ("EXPECTED", "EMPTY_OK")), default=None),
        open=sum(row.open for row in own),
        failed=sum(row.state in ("FAILED", "DEGRADED") for row in own),
        cause=bad[-1].cause if bad else "",
    )
