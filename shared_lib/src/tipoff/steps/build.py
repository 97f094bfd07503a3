"""Rebuild derived tables over a date range, in lineage order, each in one transaction, and leave receipts.

A step's identity is a hash of its name, range, as-of, lead, release and the state of its inputs: an unchanged world
is a no-op unless forced, and a late document changes the identity.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.cloud.leases import Leases
from tipoff.core.errors import Retryable, TipoffError
from tipoff.core.receipts import InputDigest, StepReceipt, TableCount
from tipoff.steps.ops import Clock, OpsLog
from tipoff.steps.queries import load
from tipoff.tables import Table

logger = logging.getLogger(__name__)

type TableStatus = Literal["success", "unchanged", "failed"]


@dataclass(frozen=True)
class Builder:
    """What a step that rebuilds tables keeps open."""

    function: str
    release: str
    warehouse: Warehouse
    leases: Leases
    ops: OpsLog
    clock: Clock


class TableResult(msgspec.Struct, frozen=True):
    """What became of one table."""

    table: str
    status: TableStatus
    rows: int
    seconds: float
    error: str | None = None
    retryable: bool = False


class _InputRow(msgspec.Struct, frozen=True):
    table_name: str
    row_count: int
    newest_ingested_at: datetime | None


def build(builder: Builder, wanted: Sequence[Table], over: BuildRange, force: bool) -> list[TableResult]:
    """Rebuild `wanted` in lineage order; after a failure, tables that read the failed one are not touched."""
    planned = plan(builder, wanted, over, force)
    failed: set[str] = set()
    runs: list[_Run] = []
    for step in planned:
        if step.done or failed & set(step.table.spec.inputs):
            failed |= set() if step.done else {step.table.full_name}
            continue
        run = _rebuild(builder, step, over)
        runs.append(run)
        failed |= {step.table.full_name} if run.error else set()
    counted = _count_rows(builder.warehouse, runs, over)
    builder.ops.steps([run.receipt(builder) for run in counted])
    return [_result(step, counted) for step in planned]


@dataclass(frozen=True)
class PlannedStep:
    """A table to rebuild; `done` when the same step over the same inputs has succeeded before."""

    table: Table
    step_id: str
    inputs: tuple[InputDigest, ...]
    done: bool


def plan(builder: Builder, wanted: Sequence[Table], over: BuildRange, force: bool) -> list[PlannedStep]:
    """What `build` would do, in lineage order."""
    inputs = input_state(builder.warehouse, wanted, over)
    steps: list[PlannedStep] = []
    for table in [table for table in tables.lineage_order() if table in wanted]:
        read = tuple(inputs[name] for name in sorted(leaf_inputs(table)))
        steps.append(PlannedStep(table, _step_id(table, over, builder.release, read), read, False))
    if force:
        return steps
    done = _done_before(builder.warehouse, [step.step_id for step in steps], over)
    return [replace(step, done=step.step_id in done) for step in steps]


def _rebuild(builder: Builder, step: PlannedStep, over: BuildRange) -> "_Run":
    started_at = builder.clock()
    error: TipoffError | None = None
    try:
        with builder.leases.hold(step.table.name, f"{builder.function}:{step.step_id[:12]}"):
            builder.warehouse.rebuild(step.table, over)
    except TipoffError as caught:
        error = caught
        facts = {"event": "step_failed", "subject": step.table.name, "code": caught.code}
        logger.warning(caught.message, extra={"facts": facts})
    return _Run(step, over, started_at, builder.clock(), 0, error)


def _result(step: PlannedStep, runs: Sequence["_Run"]) -> TableResult:
    run = next((run for run in runs if run.step is step), None)
    if run is not None:
        return run.result()
    if step.done:
        return TableResult(step.table.name, "unchanged", 0, 0.0)
    return TableResult(step.table.name, "failed", 0, 0.0, "INPUT_FAILED: a table that it reads was not rebuilt")


@dataclass(frozen=True)
class _Run:
    """One rebuild, done or failed."""

    step: PlannedStep
    over: BuildRange
    started_at: datetime
    ended_at: datetime
    rows: int
    error: TipoffError | None

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()

    def result(self) -> TableResult:
        if self.error is None:
            return TableResult(self.step.table.name, "success", self.rows, self.seconds)
        text = f"{self.error.code}: {self.error.message}"
        return TableResult(self.step.table.name, "failed", 0, self.seconds, text, isinstance(self.error, Retryable))

    def receipt(self, builder: Builder) -> StepReceipt:
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
            release=builder.release,
            function=builder.function,
        )


def leaf_inputs(table: Table) -> frozenset[str]:
    """The raw histories that the table reads, directly or through other tables (`dataset.table` names)."""
    by_name = {found.full_name: found for found in tables.all_tables()}
    leaves: set[str] = set()
    seen: set[str] = set()
    todo = list(table.spec.inputs)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        found = by_name[name]
        if found.kind == "landing":
            leaves.add(found.name)
        todo.extend(found.spec.inputs)
    return frozenset(leaves)


def input_state(warehouse: Warehouse, wanted: Sequence[Table], over: BuildRange) -> dict[str, InputDigest]:
    """Row count and newest arrival of each landing table's rows that the range can see."""
    leaves = sorted(frozenset[str]().union(*(leaf_inputs(table) for table in wanted)))
    parameters = {"start_date": over.start_date, "end_date": over.end_date, "as_of": over.as_of}
    found = {row.table_name: row for row in warehouse.rows(load("input_state"), parameters, _InputRow)}
    return {leaf: _input_digest(leaf, found.get(leaf)) for leaf in leaves}


def _input_digest(leaf: str, row: _InputRow | None) -> InputDigest:
    if row is None:
        return InputDigest(leaf, 0, None)
    return InputDigest(leaf, row.row_count, row.newest_ingested_at)


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
    """The runs with what stands in their partitions now, counted and not reported."""
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
