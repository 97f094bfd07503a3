"""Rebuilds derived tables over a range of dates: inputs first, one transaction for each table, one receipt for each.

Only dates whose identity has changed since they were built are rebuilt (`tipoff.steps.rebuild.identity`). If nothing
has changed, nothing is rebuilt, unless the call forces it.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import uuid4

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.core.errors import Conflict, ContractViolation, Misconfigured, NotReady, Retryable, TipoffError
from tipoff.core.receipts import StepReceipt, TableCount
from tipoff.steps.queries import load
from tipoff.steps.rebuild.built import BuiltDate, BuiltDates, BuiltTables
from tipoff.steps.rebuild.identity import (
    NOTHING,
    Inputs,
    PredictionsOfDate,
    ReadableDocuments,
    derived_inputs,
    identity,
    is_context,
    reads_predictions,
    upstream,
)
from tipoff.steps.wiring import StateWiring
from tipoff.tables import Table

logger = logging.getLogger(__name__)

# Rebuilds that run at the same time. On a laptop, more of them save no time.
SIDE_BY_SIDE = 3
READS_SIDE_BY_SIDE = 8

type TableStatus = Literal["success", "unchanged", "failed"]


class TableResult(msgspec.Struct, frozen=True):
    """The result of one table.

    `retryable` says whether a later attempt may succeed.
    """

    table: str
    status: TableStatus
    rows: int
    seconds: float
    error: str | None = None
    retryable: bool = False


def build(wiring: StateWiring, wanted: Sequence[Table], over: BuildRange, force: bool) -> list[TableResult]:
    """Rebuild the `wanted` tables, inputs first. Tables that do not depend on each other are rebuilt in parallel.

    If a table fails, the tables that read it, directly or through others, are not rebuilt. They fail too, and they are
    retryable if the table is.
    """
    planned = plan(wiring, wanted, over, force)
    failed = Failed()
    runs: list[_Run] = []
    for wave in waves([step for step in planned if step.changed]):
        runnable = [step for step in wave if not failed.above(step.table)]
        failed.add_dependants(step.table for step in wave if step not in runnable)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            # A thread has the context of its caller, with the labels of jobs and the facts of log lines.
            runs_of = [(copy_context(), step) for step in runnable]
            done = list(pool.map(lambda run: run[0].run(_rebuild, wiring, run[1]), runs_of))
        for run in done:
            if run.error is not None:
                failed.retryable[run.step.table.full_name] = run.retryable
        runs.extend(done)
    counted = _count_rows(wiring.warehouse, runs)
    unchanged = [receipt for step in planned for receipt in _unchanged(wiring, step)]
    wiring.ops.steps([*(run.receipt(wiring) for run in counted), *unchanged])
    _record(wiring, counted)
    return [_result(step, counted, failed) for step in planned]


class Failed:
    """The tables that failed during one `build`.

    Attributes:
        retryable: by full name, whether a later attempt at the table may succeed.
    """

    def __init__(self) -> None:
        self.retryable: dict[str, bool] = {}

    def above(self, table: Table) -> list[bool]:
        """For each failed table that this one reads, whether it may be retried."""
        return [retryable for name, retryable in self.retryable.items() if name in upstream(table)]

    def add_dependants(self, tables: Iterable[Table]) -> None:
        """Add tables that are not rebuilt because a table that they read has failed."""
        self.retryable |= {table.full_name: all(self.above(table)) for table in tables}


def waves(steps: Sequence["PlannedStep"]) -> list[list["PlannedStep"]]:
    """The steps in groups. A group reads only tables that earlier groups build."""
    groups: list[list[PlannedStep]] = []
    left = list(steps)
    while left:
        names = {step.table.full_name for step in left}
        groups.append([step for step in left if not names & upstream(step.table)])
        left = [step for step in left if step not in groups[-1]]
    return groups


@dataclass(frozen=True)
class PlannedStep:
    """A table over a range.

    Attributes:
        identities: of each date of the range.
        changed: the dates to rebuild. They are one range: a date between two changed ones is rebuilt too.
        built: what the dates of the range were built from, as far as they were.
        inputs: what the range can read.
    """

    table: Table
    over: BuildRange
    identities: Mapping[date, str]
    changed: tuple[date, ...]
    built: BuiltDates
    inputs: Inputs

    @property
    def changed_range(self) -> BuildRange:
        """The range of the changed dates."""
        return replace(self.over, start_date=self.changed[0], end_date=self.changed[-1])

    def step_id(self, over: BuildRange) -> str:
        """The identity of the step over a part of its range."""
        read = [identity for day, identity in sorted(self.identities.items()) if day in days_of(over)]
        return hashlib.sha256(
            repr((self.table.full_name, over.start_date, over.end_date, over.lead_minutes, read)).encode()
        ).hexdigest()

    def unchanged_ranges(self) -> list[BuildRange]:
        """The parts of the range before and after the changed dates."""
        days = days_of(self.over)
        parts = (
            [days]
            if not self.changed
            else [[d for d in days if d < self.changed[0]], [d for d in days if d > self.changed[-1]]]
        )
        return [replace(self.over, start_date=part[0], end_date=part[-1]) for part in parts if part]


def days_of(over: BuildRange) -> list[date]:
    """The dates of a range."""
    return [over.start_date + timedelta(days=n) for n in range((over.end_date - over.start_date).days + 1)]


def plan(wiring: StateWiring, wanted: Sequence[Table], over: BuildRange, force: bool) -> list[PlannedStep]:
    """The steps of `build`, in lineage order."""
    inputs = read_inputs(wiring.warehouse, wanted, over)
    state = BuiltTables(wiring.store, wiring.settings.bucket_state)
    ordered = [table for table in tables.lineage_order() if table in wanted]
    needed = list({read.full_name: read for table in ordered for read in (*derived_inputs(table), table)}.values())
    with ThreadPoolExecutor(READS_SIDE_BY_SIDE) as pool:
        built = dict(zip((table.full_name for table in needed), pool.map(state.read, needed), strict=True))
    known = {name: {day: one.identity for day, one in dates.items()} for name, dates in built.items()}
    steps: list[PlannedStep] = []
    for table in ordered:
        identities = {day: identity(table, day, over.lead_minutes, inputs, known) for day in days_of(over)}
        before = built[table.full_name]
        changed = [day for day in identities if force or _is_changed(table, identities[day], before.get(day), over)]
        whole = tuple(day for day in identities if changed and changed[0] <= day <= changed[-1])
        steps.append(PlannedStep(table, over, identities, whole, before, inputs))
        known[table.full_name] |= identities
    return steps


def _is_changed(table: Table, wanted: str, before: BuiltDate | None, over: BuildRange) -> bool:
    """Whether a date must be rebuilt: other rows are wanted, or its rows have a cutoff after `as_of`."""
    if before is None:
        return wanted != NOTHING
    return before.identity != wanted or (is_context(table) and wanted != NOTHING and before.as_of > over.as_of)


def read_inputs(warehouse: Warehouse, wanted: Iterable[Table], over: BuildRange) -> Inputs:
    """What the dates of the range can read, in one statement, and a second one for tables that read predictions."""
    parameters = over.parameters()
    found = warehouse.rows(load("rebuild/readable_documents"), parameters, ReadableDocuments)
    predictions: list[PredictionsOfDate] = []
    if any(reads_predictions(table) for table in wanted):
        of_dates = {name: parameters[name] for name in ("start_date", "end_date")}
        predictions = warehouse.rows(load("rebuild/predictions_of_dates"), of_dates, PredictionsOfDate)
    return Inputs(
        documents={(row.game_date, row.table_name): row for row in found},
        games={row.game_date: row.games for row in found},
        predictions={row.game_date: row for row in predictions},
    )


def _rebuild(wiring: StateWiring, step: PlannedStep) -> "_Run":
    started_at = wiring.clock()
    error: TipoffError | None = None
    over, mark = step.changed_range, uuid4().hex
    try:
        with wiring.locks.lease(step.table.name, f"{wiring.settings.function}:{mark[:12]}") as lease:
            BuiltTables(wiring.store, wiring.settings.bucket_state).begin(step.table, step.changed, over.as_of, mark)
            wiring.warehouse.rebuild(step.table, over)
            lease.check()  # if another builder has acquired the lease meanwhile, the step fails and is retried
    except TipoffError as caught:
        error = caught
        _log_failure(step.table, caught)
    return _Run(step, over, mark, started_at, wiring.clock(), {}, error)


def _record(wiring: StateWiring, runs: Sequence["_Run"]) -> None:
    """Record what the rebuilt dates were built from."""
    state = BuiltTables(wiring.store, wiring.settings.bucket_state)
    for run in runs:
        if run.error is None:
            state.end(run.step.table, run.built())


def _log_failure(table: Table, error: TipoffError) -> None:
    """Log the failure under the event names that the alerts in mesh.yaml count."""
    further = ((ContractViolation, "tripwire"), (Misconfigured, "misconfigured"))
    for event in ("step_failed", *(event for kind, event in further if isinstance(error, kind))):
        facts = {"event": event, "subject": table.name, "code": error.code}
        logger.warning(error.message, extra={"facts": facts})


def _result(step: PlannedStep, runs: Sequence["_Run"], failed: Failed) -> TableResult:
    run = next((run for run in runs if run.step is step), None)
    if run is not None:
        return run.result()
    if not step.changed:
        return TableResult(step.table.name, "unchanged", 0, 0.0)
    why = "INPUT_FAILED: a table that this one reads was not rebuilt"
    return TableResult(step.table.name, "failed", 0, 0.0, why, failed.retryable[step.table.full_name])


@dataclass(frozen=True)
class _Run:
    """One rebuild that has ended, with its error if it failed; `rows` is the number of rows of each date."""

    step: PlannedStep
    over: BuildRange
    mark: str
    started_at: datetime
    ended_at: datetime
    rows: Mapping[date, int]
    error: TipoffError | None

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def retryable(self) -> bool:
        """Whether a later attempt may succeed."""
        return isinstance(self.error, Retryable | Conflict | NotReady)

    def built(self) -> dict[date, BuiltDate]:
        """What the dates hold now."""
        return {
            day: BuiltDate(self.step.identities[day], self.over.as_of, self.rows.get(day, 0), self.mark)
            for day in self.step.changed
        }

    def result(self) -> TableResult:
        if self.error is None:
            return TableResult(self.step.table.name, "success", sum(self.rows.values()), self.seconds)
        text = f"{self.error.code}: {self.error.message}"
        return TableResult(self.step.table.name, "failed", 0, self.seconds, text, self.retryable)

    def receipt(self, wiring: StateWiring) -> StepReceipt:
        started_ms = int(self.started_at.timestamp() * 1000)
        receipt = _receipt(wiring, self.step, self.over, sum(self.rows.values()), self.started_at, self.ended_at)
        return replace(
            receipt,
            run_id=f"{receipt.step_id[:16]}-{started_ms}",
            outcome="failed" if self.error else "ok",
            cause=self.error.code if self.error else None,
            message=self.error.message[:2000] if self.error else None,
        )


def _unchanged(wiring: StateWiring, step: PlannedStep) -> list[StepReceipt]:
    """Receipts of the dates that another run built from the same inputs."""
    now = wiring.clock()
    found = []
    for over in step.unchanged_ranges():
        built = [step.built[day] for day in days_of(over) if day in step.built]
        if not built or any(one.as_of != over.as_of for one in built):
            rows = sum(one.rows for one in built)
            found.append(replace(_receipt(wiring, step, over, rows, now, now), cause="unchanged"))
    return found


def _receipt(
    wiring: StateWiring, step: PlannedStep, over: BuildRange, rows: int, started_at: datetime, ended_at: datetime
) -> StepReceipt:
    """The receipt of a step that succeeded."""
    step_id, inputs = step.step_id(over), step.inputs.of(step.table, days_of(over))
    return StepReceipt(
        run_id=f"{step_id[:16]}-as-of-{int(over.as_of.timestamp() * 1000)}",
        step_id=step_id,
        step=step.table.name,
        run_date=over.end_date,
        start_date=over.start_date,
        end_date=over.end_date,
        as_of=over.as_of,
        lead_minutes=over.lead_minutes,
        input_digest=hashlib.sha256(repr(inputs).encode()).hexdigest(),
        inputs=inputs,
        outputs=(TableCount(step.table.full_name, rows),),
        rows_in=rows,
        rows_out=rows,
        rows_rejected=0,
        outcome="ok",
        cause=None,
        message=None,
        started_at=started_at,
        ended_at=ended_at,
        duration_seconds=(ended_at - started_at).total_seconds(),
        release=wiring.settings.release,
        function=wiring.settings.function,
    )


class _TableRows(msgspec.Struct, frozen=True):
    table_name: str
    game_date: date
    row_count: int


def _count_rows(warehouse: Warehouse, runs: Sequence["_Run"]) -> list["_Run"]:
    """The runs with the number of rows in their partitions, as a query counts them after the rebuild."""
    built = [run for run in runs if run.error is None]
    if not built:
        return list(runs)
    sql = " UNION ALL ".join(
        f"SELECT '{run.step.table.full_name}' AS table_name, {run.step.table.spec.partition} AS game_date, "  # noqa: S608
        f"COUNT(*) AS row_count FROM {run.step.table.full_name} "
        f"WHERE {run.step.table.spec.partition} BETWEEN @start_date AND @end_date GROUP BY 2"
        for run in built
    )
    first, last = min(run.over.start_date for run in built), max(run.over.end_date for run in built)
    rows: dict[str, dict[date, int]] = {}
    for row in warehouse.rows(sql, {"start_date": first, "end_date": last}, _TableRows):
        rows.setdefault(row.table_name, {})[row.game_date] = row.row_count
    return [replace(run, rows=_of_dates(rows.get(run.step.table.full_name, {}), run.over)) for run in runs]


def _of_dates(rows: Mapping[date, int], over: BuildRange) -> dict[date, int]:
    return {day: count for day, count in rows.items() if over.start_date <= day <= over.end_date}
