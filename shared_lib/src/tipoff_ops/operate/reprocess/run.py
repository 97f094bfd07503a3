"""One run of the workflow `reprocess` over a range of dates: started, watched, recorded and resumed.

A range and its steps have one name. While a run of that name is unfinished, starting it again continues with the same
as-of. Steps that are done under that as-of are skipped because of their receipts, and an execution that still runs is
only watched.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import RUNNING, Execution
from tipoff.core.errors import Misconfigured
from tipoff.prices import Usage, call, table_reads
from tipoff.steps.rebuild.process import owned
from tipoff.steps.replay import BackfillProgress
from tipoff_ops.operate.target import Target
from tipoff_ops.queries import load

STEPS = ("ingest", "analyze", "precompute", "predict", "grade", "publish")
BUILDERS = ("analyze", "precompute", "grade")
BLOCK_DAYS = 92
POLL_S = 0.5
COUNT_TIME_SHARE_MAX = 0.05  # counting the units that are done reads many rows when the range is a season
SECONDS_PER_TABLE_DAY = 0.5  # of one vCPU and one GiB; generous
READS_PER_TABLE = 6
NOT_STARTED = Execution("", "STATE_UNSPECIFIED", "", "")


@dataclass(frozen=True)
class ReprocessRange:
    """What to rebuild: the first and last date, both included, and the first and last of STEPS."""

    start_date: date
    end_date: date
    first_step: str = "analyze"
    last_step: str = "publish"
    force: bool = False

    @property
    def days(self) -> int:
        """Dates in the range."""
        return (self.end_date - self.start_date).days + 1

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps, in order."""
        return STEPS[STEPS.index(self.first_step) : STEPS.index(self.last_step) + 1]

    @property
    def units(self) -> int:
        """Table-days to rebuild plus days to predict: the unit in which progress is counted."""
        built = sum(len(owned(step)) for step in self.steps if step in BUILDERS)
        return self.days * (built + ("predict" in self.steps))

    @property
    def name(self) -> str:
        """The name that the same dates, steps and `force` always have."""
        forced = "_force" if self.force else ""
        return f"steps_{self.start_date}_{self.end_date}_{self.first_step}_{self.last_step}{forced}"

    @property
    def estimate(self) -> Usage:
        """Upper bound of the cost, by the model of `tipoff.prices`."""
        blocks = -(-self.days // BLOCK_DAYS)
        built = sum(len(owned(step)) for step in self.steps if step in BUILDERS)
        reads = table_reads(built * blocks * READS_PER_TABLE + self.days * READS_PER_TABLE)
        work = call(SECONDS_PER_TABLE_DAY, 1.0).times(self.units)
        return reads + work + Usage(workflow_steps=110 * self.days)


class _Cursor(msgspec.Struct, frozen=True):
    as_of: datetime
    execution: str


class _Argument(msgspec.Struct, frozen=True):
    backfill_id: str = ""


class _Recorded(msgspec.Struct, frozen=True):
    backfill_id: str
    state: str
    total: int
    done: int
    cursor: str | None
    started_at: datetime
    updated_at: datetime


class _DoneUnits(msgspec.Struct, frozen=True):
    table_days: int
    batch_days: int


@dataclass(frozen=True)
class RunProgress:
    """Progress of a run at one instant: units done, units in all, and the execution."""

    done: int
    total: int
    execution: Execution


@dataclass
class ReprocessRun:
    """One run of a range on a target."""

    target: Target
    work: ReprocessRange
    warehouse: Warehouse
    as_of: datetime
    started_at: datetime
    execution: Execution
    resumed: bool

    @property
    def run_id(self) -> str:
        """The name that the argument of the execution carries."""
        return f"{self.work.name}_{int(self.started_at.timestamp())}"

    def watch(self) -> Iterator[RunProgress]:
        """Poll until the execution has ended; each count that shows progress is recorded in the warehouse."""
        recorded, count_at = -1, 0.0
        while True:
            self.execution = self.target.workflows.get(self.execution.name)
            ended = self.execution.state not in RUNNING
            if ended or time.monotonic() >= count_at:
                began = time.monotonic()
                seen = self._progress()
                count_at = time.monotonic() + (time.monotonic() - began) / COUNT_TIME_SHARE_MAX
                if ended:
                    self.record(seen.done, "done" if self.execution.state == "SUCCEEDED" else "failed")
                elif seen.done > recorded:
                    self.record(seen.done, "running")
                recorded = seen.done
                yield seen
            if ended:
                return
            time.sleep(POLL_S)

    def _progress(self) -> RunProgress:
        """After success every unit counts as done, because days without games leave no receipts."""
        done = self.work.units if self.execution.state == "SUCCEEDED" else self.count_done()
        return RunProgress(done, self.work.units, self.execution)

    def count_done(self) -> int:
        """Units that are done under this as-of, by their receipts and batches."""
        parameters = {"start_date": self.work.start_date, "end_date": self.work.end_date, "as_of": self.as_of}
        found = self.warehouse.rows(load(__file__, "steps_done"), parameters, _DoneUnits)[0]
        return min(self.work.units, found.table_days + found.batch_days)

    def record(self, done: int, state: str) -> None:
        """Append a row of progress that holds all that a later call needs to resume."""
        row = BackfillProgress(
            progress_date=self.started_at.date(),
            backfill_id=self.work.name,
            kind="steps",
            total=self.work.units,
            done=done,
            failed=int(state == "failed"),
            cursor=msgspec.json.encode(_Cursor(self.as_of, self.execution.name)).decode(),
            state=state,
            started_at=self.started_at,
            updated_at=datetime.now(UTC),
            release=self.target.settings.release,
        )
        self.warehouse.append(tables.get("backfill_progress_log"), [row])


def start_or_resume(target: Target, work: ReprocessRange, now: datetime) -> ReprocessRun:
    """Start a run of the range, or resume the unfinished run of the same name.

    The run is recorded before its execution starts, and the argument of the execution carries the name of the run.
    So a later call finds one or the other, at whatever instant this process is killed.
    """
    warehouse = target.warehouse
    rows = warehouse.rows(load(__file__, "newest_progress"), {"backfill_id": work.name}, _Recorded)
    last = rows[0] if rows else None
    if last is None or last.state == "done" or last.cursor is None:
        return _start(ReprocessRun(target, work, warehouse, now, now, NOT_STARTED, resumed=False))
    cursor = msgspec.json.decode(last.cursor, type=_Cursor)
    run = ReprocessRun(target, work, warehouse, cursor.as_of, last.started_at, NOT_STARTED, resumed=True)
    run.execution = _running_execution(target, cursor.execution, run.run_id) or NOT_STARTED
    return run if run.execution.name else _start(run, partly_done=bool(cursor.execution))


def _running_execution(target: Target, known: str, run_id: str) -> Execution | None:
    """The execution of this run that has not ended; None if there is none."""
    try:
        found = target.workflows.get(known) if known else NOT_STARTED
    except Misconfigured:  # the service no longer knows it: executions are kept for 90 days
        found = NOT_STARTED
    if found.state in RUNNING:
        return found
    every = target.workflows.running(target.names.workflows["reprocess"].name)
    return next((each for each, argument in every if _run_id_of(argument) == run_id), None)


def _run_id_of(argument: str) -> str:
    return msgspec.json.decode(argument or "{}", type=_Argument).backfill_id


def _start(run: ReprocessRun, *, partly_done: bool = False) -> ReprocessRun:
    """Start an execution; after a partly done run it does not force again what the former execution forced."""
    run.record(run.count_done() if partly_done else 0, "running")
    argument: dict[str, str | int] = {
        "start_date": str(run.work.start_date),
        "end_date": str(run.work.end_date),
        "from_step": run.work.first_step,
        "to_step": run.work.last_step,
        "force": run.work.force and not partly_done,
        "as_of": run.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "block_days": BLOCK_DAYS,
        "backfill_id": run.run_id,
    }
    run.execution = run.target.workflows.start(run.target.names.workflows["reprocess"].name, argument)
    run.record(run.count_done() if partly_done else 0, "running")
    return run


def new_as_of() -> datetime:
    """An as-of for a new run: at least one second ago, so that a document that just arrived is in or out as a whole."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
