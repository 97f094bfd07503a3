"""Rebuilds derived tables over a range of dates: inputs first, one transaction for each table, one receipt for each.

The id of a step is a hash of the table, the range, the as-of instant, the lead, the release and the state of the
inputs. If a step with the same id has succeeded, the table is not rebuilt, unless the call forces it. A late document
changes the id.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Literal

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.core.errors import Conflict, ContractViolation, Misconfigured, NotReady, Retryable, TipoffError
from tipoff.core.receipts import InputDigest, StepReceipt, TableCount
from tipoff.steps.queries import load
from tipoff.steps.wiring import StateWiring
from tipoff.tables import Table

logger = logging.getLogger(__name__)

# Rebuilds that run at the same time. On a laptop, more of them save no time.
SIDE_BY_SIDE = 3

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
    for wave in waves([step for step in planned if not step.done]):
        runnable = [step for step in wave if not failed.above(step.table)]
        failed.add_dependants(step.table for step in wave if step not in runnable)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            done = list(pool.map(lambda step: _rebuild(wiring, step, over), runnable))
        for run in done:
            if run.error is not None:
                failed.retryable[run.step.table.full_name] = run.retryable
        runs.extend(done)
    counted = _count_rows(wiring.warehouse, runs, over)
    wiring.ops.steps([run.receipt(wiring) for run in counted])
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
    """A table to rebuild. `done`: a step with the same id has succeeded before."""

    table: Table
    step_id: str
    inputs: tuple[InputDigest, ...]
    done: bool


def plan(wiring: StateWiring, wanted: Sequence[Table], over: BuildRange, force: bool) -> list[PlannedStep]:
    """The steps of `build`, in lineage order."""
    inputs = input_state(wiring.warehouse, wanted, over)
    steps: list[PlannedStep] = []
    for table in [table for table in tables.lineage_order() if table in wanted]:
        read = tuple(inputs[name] for name in sorted(leaf_inputs(table)))
        steps.append(PlannedStep(table, _step_id(table, over, wiring.settings.release, read), read, False))
    if force:
        return steps
    done = _done_before(wiring.warehouse, [step.step_id for step in steps], over)
    return [replace(step, done=step.step_id in done) for step in steps]


def _rebuild(wiring: StateWiring, step: PlannedStep, over: BuildRange) -> "_Run":
    started_at = wiring.clock()
    error: TipoffError | None = None
    try:
        with wiring.locks.lease(step.table.name, f"{wiring.settings.function}:{step.step_id[:12]}") as lease:
            wiring.warehouse.rebuild(step.table, over)
            lease.check()  # if another builder has acquired the lease meanwhile, the step fails and is retried
    except TipoffError as caught:
        error = caught
        _log_failure(step.table, caught)
    return _Run(step, over, started_at, wiring.clock(), 0, error)


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
    if step.done:
        return TableResult(step.table.name, "unchanged", 0, 0.0)
    why = "INPUT_FAILED: a table that this one reads was not rebuilt"
    return TableResult(step.table.name, "failed", 0, 0.0, why, failed.retryable[step.table.full_name])


@dataclass(frozen=True)
class _Run:
    """One rebuild that has ended, with its error if it failed."""

    step: PlannedStep
    over: BuildRange
    started_at: datetime
    ended_at: datetime
    rows: int
    error: TipoffError | None

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def retryable(self) -> bool:
        """Whether a later attempt may succeed."""
        return isinstance(self.error, Retryable | Conflict | NotReady)

    def result(self) -> TableResult:
        if self.error is None:
            return TableResult(self.step.table.name, "success", self.rows, self.seconds)
        text = f"{self.error.code}: {self.error.message}"
        return TableResult(self.step.table.name, "failed", 0, self.seconds, text, self.retryable)

    def receipt(self, wiring: StateWiring) -> StepReceipt:
        table = self.step.table
        return StepReceipt(
            run_id=f"{self.step.step_id[:16]}-{int(self.started_at.timestamp() * 1000)}",
            step_id=self.step.step_id,
            step=table.name,
            run_date=self.over.end_date,
            start_date=self.over.start_date,
            end_date=self.over.end_date,
            as_of=self.over.as_of,
            lead_minutes=self.over.lead_minutes,
            input_digest=_digest(self.step.inputs),
            inputs=self.step.inputs,
            outputs=(TableCount(table.full_name, self.rows),),
            rows_in=self.rows,
            rows_out=self.rows,
            rows_rejected=0,
            outcome="failed" if self.error else "ok",
            cause=self.error.code if self.error else None,
            message=self.error.message[:2000] if self.error else None,
            started_at=self.started_at,
            ended_at=self.ended_at,
            duration_seconds=self.seconds,
            release=wiring.settings.release,
            function=wiring.settings.function,
        )


@cache
def upstream(table: Table) -> frozenset[str]:
    """The tables and views that the table reads, directly or through others, as `dataset.table`."""
    by_name = {found.full_name: found for found in tables.all_tables()}
    seen: set[str] = set()
    todo = list(table.spec.inputs)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(by_name[name].spec.inputs)
    return frozenset(seen)


def leaf_inputs(table: Table) -> frozenset[str]:
    """The landing tables that the table reads, directly or through others, without the dataset."""
    return frozenset(t.name for t in tables.all_tables() if t.kind == "landing" and t.full_name in upstream(table))


def input_state(warehouse: Warehouse, wanted: Sequence[Table], over: BuildRange) -> dict[str, InputDigest]:
    """For each landing table, the rows of the range that were known as of the instant: how many, and the newest."""
    leaves = sorted(frozenset[str]().union(*(leaf_inputs(table) for table in wanted)))
    parameters = {"start_date": over.start_date, "end_date": over.end_date, "as_of": over.as_of}
    found = {row.table_name: row for row in warehouse.rows(load("rebuild/input_state"), parameters, InputDigest)}
    return {leaf: found.get(leaf, InputDigest(leaf, 0, None)) for leaf in leaves}


def _digest(inputs: Sequence[InputDigest]) -> str:
    return hashlib.sha256(repr(inputs).encode()).hexdigest()


def _step_id(table: Table, over: BuildRange, release: str, inputs: Sequence[InputDigest]) -> str:
    return hashlib.sha256(repr((table.full_name, over, release, _digest(inputs))).encode()).hexdigest()


class _StepId(msgspec.Struct, frozen=True):
    step_id: str


def _done_before(warehouse: Warehouse, step_ids: Sequence[str], over: BuildRange) -> set[str]:
    history = tables.get("run_history").full_name
    sql = (
        f"SELECT DISTINCT h.step_id FROM {history} AS h WHERE h.run_date = @end_date "  # noqa: S608
        "AND h.outcome = 'ok' AND h.step_id IN UNNEST(@step_ids)"
    )
    found = warehouse.rows(sql, {"end_date": over.end_date, "step_ids": list(step_ids)}, _StepId)
    return {row.step_id for row in found}


class _TableRows(msgspec.Struct, frozen=True):
    table_name: str
    row_count: int


def _count_rows(warehouse: Warehouse, runs: Sequence["_Run"], over: BuildRange) -> list["_Run"]:
    """The runs with the number of rows in their partitions, as a query counts them after the rebuild."""
    built = [run for run in runs if run.error is None]
    if not built:
        return list(runs)
    sql = " UNION ALL ".join(
        f"SELECT '{run.step.table.full_name}' AS table_name, COUNT(*) AS row_count FROM {run.step.table.full_name} "  # noqa: S608
        f"WHERE {run.step.table.spec.partition} BETWEEN @start_date AND @end_date"
        for run in built
    )
    parameters = {"start_date": over.start_date, "end_date": over.end_date}
    rows = {row.table_name: row.row_count for row in warehouse.rows(sql, parameters, _TableRows)}
    return [replace(run, rows=rows.get(run.step.table.full_name, 0)) for run in runs]
