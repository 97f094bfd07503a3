"""`tipoff plan`: outputs whose inputs changed after they were built, and outputs that are not there at all."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.core.receipts import InputDigest
from tipoff.steps.build import input_state
from tipoff.steps.reconcile import assessed, game_days
from tipoff_ops.queries import load


class Planned(msgspec.Struct, frozen=True):
    """One thing to do: `why` names the input that changed, or what the output covers; `command` does it."""

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


def plan(warehouse: Warehouse, first: date, last: date, now: datetime) -> list[Planned]:
    """What is stale or missing for the dates, in lineage order of the tables."""
    return [*stale(warehouse, first, last), *missing(warehouse, first, last, now)]


def stale(warehouse: Warehouse, first: date, last: date) -> list[Planned]:
    """Outputs that would come out of other inputs today, asked about the very range and as-of of their last run.

    A run over fewer dates that was followed by one over more of them is judged by the later one.
    """
    found = warehouse.rows(load("built_outputs"), {"start_date": first, "end_date": last}, _Built)
    by_range: dict[tuple[date, date, datetime, int], list[_Built]] = defaultdict(list)
    for run in _standing(found):
        by_range[(run.start_date, run.end_date, run.as_of, run.lead_minutes)].append(run)
    return [each for runs in by_range.values() for each in _stale_of(warehouse, runs)]


def _standing(runs: Sequence[_Built]) -> list[_Built]:
    """Runs whose partitions no later run has wholly replaced."""

    def replaced(run: _Built) -> bool:
        return any(
            other.step == run.step
            and other.ended_at > run.ended_at
            and other.start_date <= run.start_date
            and other.end_date >= run.end_date
            for other in runs
        )

    return [run for run in runs if not replaced(run)]


def _stale_of(warehouse: Warehouse, runs: Sequence[_Built]) -> list[Planned]:
    wanted = {run.step: table for run in runs for table in tables.all_tables() if table.name == run.step}
    state = input_state(warehouse, list(wanted.values()), runs[0].over)
    return [each for run in runs if run.step in wanted and (each := _judged(run, state)) is not None]


def _judged(run: _Built, state: dict[str, InputDigest]) -> Planned | None:
    for read in run.inputs:
        now = state.get(read.table_name)
        if now is not None and now != read:
            why = f"{read.table_name}: {read.row_count} rows when built, {now.row_count} now"
            return Planned(run.step, run.start_date, run.end_date, why, command(run.start_date, run.end_date))
    return None


def missing(warehouse: Warehouse, first: date, last: date, now: datetime) -> list[Planned]:
    """Outputs that do not cover the games of their date, though they are due."""
    over = {"start_date": first, "end_date": last}
    rows = assessed(warehouse, over, game_days(warehouse, over), now)
    late = [row for row in rows if row.state in ("LATE", "FAILED", "DEGRADED") and row.root]
    return [Planned(r.output, r.game_date, r.game_date, r.cause, command(r.game_date, r.game_date)) for r in late]


def command(first: date, last: date) -> str:
    """The command that rebuilds the dates."""
    return f"tipoff reprocess --from {first} --to {last} --steps ingest..grade"
