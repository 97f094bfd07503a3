"""`tipoff reprocess`: the reprocess workflow over a range, watched, and resumed where it stopped.

A range and its steps have one name. While a run of that name is unfinished, starting it again goes on with the same
as-of: steps that are done under it are found done by their receipts, and an execution that still runs is only watched.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import UNENDED, Execution
from tipoff.core.costs import Usage, call
from tipoff.core.errors import NotReady
from tipoff.steps.process import owned
from tipoff.steps.replay import BackfillProgress
from tipoff_ops.queries import load
from tipoff_ops.target import Target

STEPS = ("ingest", "analyze", "precompute", "predict", "grade", "publish")
BUILDERS = ("analyze", "precompute", "grade")
BLOCK_DAYS = 92
LOOK_EVERY_S = 0.5
COUNT_SHARE = 0.05  # of the time at most goes into counting what is done: a season's batches are many rows
SECONDS_PER_TABLE_DAY = 0.5  # of one vCPU and one GiB; generous
READS_PER_TABLE = 6
NOT_STARTED = Execution("", "STATE_UNSPECIFIED", "", "")


@dataclass(frozen=True)
class Range:
    """What to rebuild: dates, both included, and the first and last of STEPS."""

    start_date: date
    end_date: date
    first_step: str = "analyze"
    last_step: str = "grade"
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
        """Table-days to rebuild plus days to predict: what progress is counted in."""
        built = sum(len(owned(step)) for step in self.steps if step in BUILDERS)
        return self.days * (built + ("predict" in self.steps))

    @property
    def name(self) -> str:
        """The one name of this work."""
        forced = "_force" if self.force else ""
        return f"steps_{self.start_date}_{self.end_date}_{self.first_step}_{self.last_step}{forced}"

    @property
    def estimate(self) -> Usage:
        """What it may cost, by the model of `core.costs`."""
        blocks = -(-self.days // BLOCK_DAYS)
        built = sum(len(owned(step)) for step in self.steps if step in BUILDERS)
        reads = Usage(table_reads=built * blocks * READS_PER_TABLE + self.days * READS_PER_TABLE)
        work = call(SECONDS_PER_TABLE_DAY, 1.0).times(self.units)
        return reads + work + Usage(workflow_steps=100 * self.days, workflow_calls=10 * self.days)


class _Cursor(msgspec.Struct, frozen=True):
    as_of: datetime
    execution: str


class _Argument(msgspec.Struct, frozen=True):
    backfill_id: str = ""


class _Last(msgspec.Struct, frozen=True):
    backfill_id: str
    state: str
    total: int
    done: int
    cursor: str | None
    started_at: datetime
    updated_at: datetime


class _Done(msgspec.Struct, frozen=True):
    table_days: int
    batch_days: int


@dataclass(frozen=True)
class Watched:
    """One look at a run: units done of all, and the execution as it stands."""

    done: int
    total: int
    execution: Execution

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.execution.state not in (*UNENDED, NOT_STARTED.state)


@dataclass
class Backfill:
    """One run of one range against one target."""

    target: Target
    work: Range
    warehouse: Warehouse
    as_of: datetime
    started_at: datetime
    execution: Execution
    resumed: bool

    @property
    def run_id(self) -> str:
        """The name that the execution's argument bears."""
        return f"{self.work.name}_{int(self.started_at.timestamp())}"

    def watch(self) -> Iterator[Watched]:
        """Look until it has ended; every count that found progress is recorded."""
        recorded, count_at = -1, 0.0
        while True:
            self.execution = self.target.workflows.look(self.execution.name)
            ended = self.execution.state not in UNENDED
            if ended or time.monotonic() >= count_at:
                began = time.monotonic()
                seen = self._seen()
                count_at = time.monotonic() + (time.monotonic() - began) / COUNT_SHARE
                if ended:
                    self.record(seen.done, "done" if self.execution.state == "SUCCEEDED" else "failed")
                elif seen.done > recorded:
                    self.record(seen.done, "running")
                recorded = seen.done
                yield seen
            if ended:
                return
            time.sleep(LOOK_EVERY_S)

    def _seen(self) -> Watched:
        """Days without games leave no receipts: the end of the execution is the end of the work."""
        done = self.work.units if self.execution.state == "SUCCEEDED" else self.done()
        return Watched(done, self.work.units, self.execution)

    def done(self) -> int:
        """Units that receipts and batches prove done under this as-of."""
        over = {"start_date": self.work.start_date, "end_date": self.work.end_date, "as_of": self.as_of}
        found = self.warehouse.rows(load("steps_done"), over, _Done)[0]
        return min(self.work.units, found.table_days + found.batch_days)

    def record(self, done: int, state: str) -> None:
        """Leave a row of progress, with all that is needed to go on."""
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


def begin(target: Target, work: Range, now: datetime) -> Backfill:
    """Start the range, or go on with the unfinished run of the same name.

    The run is recorded before its execution is started, and an execution bears the run's name in its argument: whenever
    this process is killed, the next one finds either.
    """
    warehouse = target.warehouse
    last = next(iter(warehouse.rows(load("backfill_last"), {"backfill_id": work.name}, _Last)), None)
    if last is None or last.state == "done" or last.cursor is None:
        return _started(Backfill(target, work, warehouse, now, now, NOT_STARTED, resumed=False))
    cursor = msgspec.json.decode(last.cursor, type=_Cursor)
    run = Backfill(target, work, warehouse, cursor.as_of, last.started_at, NOT_STARTED, resumed=True)
    run.execution = _running(target, cursor.execution, run.run_id) or NOT_STARTED
    return run if run.execution.name else _started(run, begun=bool(cursor.execution))


def _running(target: Target, known: str, run_id: str) -> Execution | None:
    """The execution that goes on under this name; None if none does."""
    try:
        found = target.workflows.look(known) if known else NOT_STARTED
    except NotReady:
        found = NOT_STARTED
    if found.state in UNENDED:
        return found
    every = target.workflows.unended(target.names.workflows["reprocess"].name)
    return next((each for each, argument in every if _named(argument) == run_id), None)


def _named(argument: str) -> str:
    return msgspec.json.decode(argument or "{}", type=_Argument).backfill_id


def _started(run: Backfill, *, begun: bool = False) -> Backfill:
    """`begun`: an execution did the first part, and what it forced is not forced again."""
    run.record(run.done() if begun else 0, "running")
    argument: dict[str, str | int] = {
        "start_date": str(run.work.start_date),
        "end_date": str(run.work.end_date),
        "from_step": run.work.first_step,
        "to_step": run.work.last_step,
        "force": run.work.force and not begun,
        "as_of": run.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "block_days": BLOCK_DAYS,
        "backfill_id": run.run_id,
    }
    run.execution = run.target.workflows.start(run.target.names.workflows["reprocess"].name, argument)
    run.record(run.done() if begun else 0, "running")
    return run


def rounded_now() -> datetime:
    """Now in UTC, a second ago at least, so that what has just landed is not half in."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
