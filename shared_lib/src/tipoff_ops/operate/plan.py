"""`tipoff plan`: stale outputs, whose inputs changed after they were built, and missing outputs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import typer

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.core.expected import Expected
from tipoff.core.game_date import game_date_of
from tipoff.core.receipts import InputDigest
from tipoff.steps.rebuild.build import days_of, read_inputs
from tipoff.steps.rebuild.identity import Inputs
from tipoff.steps.reconcile import assessed, game_days
from tipoff.tables import Table
from tipoff_ops.cli.options import AsJson, Env, Folder, OptionalFirstDate, OptionalLastDate, Project
from tipoff_ops.cli.output import as_typed, folding_table, out, print_rows
from tipoff_ops.operate.explain.dates import OUTPUTS
from tipoff_ops.operate.repair import newest_run, rebuild_command, repair_command
from tipoff_ops.operate.status import LOOKBACK_DAYS, past_season_day
from tipoff_ops.operate.target import selected_target
from tipoff_ops.queries import load

OVERDUE = ("LATE", "FAILED", "DEGRADED")


class PlannedRebuild(msgspec.Struct, frozen=True):
    """One output to rebuild.

    Attributes:
        why: the input that changed, or what the output does not cover.
        command: the command that rebuilds it; empty if no command helps.
    """

    output: str
    start_date: date
    end_date: date
    why: str
    command: str


class _Built(msgspec.Struct, frozen=True):
    step: str
    start_date: date
    end_date: date
    as_of: datetime
    lead_minutes: int
    inputs: tuple[InputDigest, ...]
    ended_at: datetime

    @property
    def over(self) -> BuildRange:
        return BuildRange(self.start_date, self.end_date, self.as_of, self.lead_minutes)


def plan(
    first: OptionalFirstDate = None,
    last: OptionalLastDate = None,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """List stale and missing outputs, with a command for each.

    An output is stale if one of its inputs changed after it was built. Exits with 1 if there is one.

    Example: tipoff plan --from 2025-11-18 --to 2025-11-20
    """
    now = datetime.now(UTC)
    with selected_target(folder, project, env) as target:
        end = last.date() if last else past_season_day(target, now) or game_date_of(now)
        begin = first.date() if first else end - timedelta(days=LOOKBACK_DAYS)
        found = read_plan(target.warehouse, begin, end, now)
    if as_json or not found:
        print_rows(found, as_json, empty=f"nothing is stale or missing from {begin} to {end}")
    else:
        _print(found)
    raise typer.Exit(1 if found else 0)


def _print(found: Sequence[PlannedRebuild]) -> None:
    """The outputs as a table, and below it the commands, each once and whole."""
    table = folding_table("output", "from", "to", "why")
    for each in found:
        table.add_row(each.output, str(each.start_date), str(each.end_date), each.why)
    out.print(table)
    for command in dict.fromkeys(each.command for each in found if each.command):
        out.print(as_typed(command), soft_wrap=True)


def read_plan(warehouse: Warehouse, first: date, last: date, now: datetime) -> list[PlannedRebuild]:
    """Stale and missing outputs of the dates: stale ones in lineage order of the tables, then missing ones."""
    return [*stale(warehouse, first, last), *missing(warehouse, first, last, now)]


def stale(warehouse: Warehouse, first: date, last: date) -> list[PlannedRebuild]:
    """Outputs whose inputs differ today from those of their last run, for the same range and as-of as that run.

    A run whose dates a later run has covered completely does not count.
    """
    found = warehouse.rows(load(__file__, "built_outputs"), {"start_date": first, "end_date": last}, _Built)
    by_range: dict[tuple[date, date, datetime, int], list[_Built]] = defaultdict(list)
    for run in _current(found):
        by_range[(run.start_date, run.end_date, run.as_of, run.lead_minutes)].append(run)
    return [each for runs in by_range.values() for each in _stale_of_range(warehouse, runs)]


def _current(runs: Sequence[_Built]) -> list[_Built]:
    """Runs that no later run of the same step has covered completely."""

    def is_replaced(run: _Built) -> bool:
        return any(
            other.step == run.step
            and other.ended_at > run.ended_at
            and other.start_date <= run.start_date
            and other.end_date >= run.end_date
            for other in runs
        )

    return [run for run in runs if not is_replaced(run)]


def _stale_of_range(warehouse: Warehouse, runs: Sequence[_Built]) -> list[PlannedRebuild]:
    built = {run.step: table for run in runs for table in tables.all_tables() if table.name == run.step}
    inputs = read_inputs(warehouse, [], runs[0].over)
    found = (_changed_input(run, built[run.step], inputs) for run in runs if run.step in built)
    return [each for each in found if each is not None]


def _changed_input(run: _Built, table: Table, inputs: Inputs) -> PlannedRebuild | None:
    """The rebuild of a run by its first input that changed; None if none did."""
    current = {read.table_name: read for read in inputs.of(table, days_of(run.over))}
    for read in run.inputs:
        now = current.get(read.table_name)
        if now is not None and now != read:
            why = f"{read.table_name}: {read.row_count} rows when built, {now.row_count} now"
            return PlannedRebuild(
                run.step, run.start_date, run.end_date, why, rebuild_command(run.start_date, run.end_date)
            )
    return None


def missing(warehouse: Warehouse, first: date, last: date, now: datetime) -> list[PlannedRebuild]:
    """Outputs that are due and do not cover the games of their date: required ones first."""
    dates = {"start_date": first, "end_date": last}
    days = game_days(warehouse, dates)
    tipoffs = {day.game_date: day.last_tipoff_at for day in days}
    rows = [row for row in assessed(warehouse, dates, days, now) if row.state in OVERDUE and row.root]
    rows.sort(key=lambda row: not OUTPUTS[row.output].required)
    return [_planned(warehouse, row, tipoffs[row.game_date]) for row in rows]


def _planned(warehouse: Warehouse, row: Expected, last_tipoff_at: datetime | None) -> PlannedRebuild:
    run = newest_run(warehouse, row.output, row.game_date)
    command = repair_command(row, run, last_tipoff_at)
    return PlannedRebuild(row.output, row.game_date, row.game_date, row.cause, command)
