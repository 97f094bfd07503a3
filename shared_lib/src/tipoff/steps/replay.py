"""The step of `/replay`: send landed objects to `ingest` again, wait for all of them, and count the results.

At the end, `listed = loaded + already_loaded + ignored + quarantined`. The receipts of `ingest` say which objects are
done. A run that was killed can therefore be called again under the same name: it continues with the other objects.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from tipoff import tables
from tipoff.cloud.storage import ObjectName
from tipoff.core.errors import BackendUnavailable
from tipoff.core.messages import REPLAY, LandedObject, Replay
from tipoff.core.size_groups import size_groups
from tipoff.runtime.settings import ReconcileSettings, ReprocessSettings
from tipoff.steps.queries import load
from tipoff.steps.reprocess import (
    BEFORE_ALL,
    KnownObject,
    Reprocess,
    kept_request,
    known_objects,
    listing,
    to_do,
)
from tipoff.steps.wiring import StateWiring

# `ingest` appends once for each message and table. An append costs 26 ms of processor time, whatever its size.
CHUNK_OBJECTS = 170
CHUNK_BYTES = 8_000_000
POLL_MIN_S, FIRST_POLL_S, POLL_MAX_S = 0.1, 1.0, 5.0
OBJECTS_PER_S = 600  # the rate to expect before any object is done
STALLED_AFTER_S = 120.0


class Replayed(msgspec.Struct, frozen=True):
    """The answer: how many objects the run listed, and their results."""

    status: Literal["completed"]
    code: str
    backfill_id: str
    listed: int
    loaded: int
    already_loaded: int
    ignored: int
    quarantined: int
    rows: int


@dataclass(frozen=True)
class BackfillProgress:
    """A row of `nba_ops.backfill_progress_log`."""

    progress_date: date
    backfill_id: str
    kind: str
    total: int
    done: int
    failed: int
    cursor: str | None
    state: str
    started_at: datetime
    updated_at: datetime
    release: str


class _Started(msgspec.Struct, frozen=True):
    started_at: datetime | None


class _Count(msgspec.Struct, frozen=True):
    objects: int


@dataclass(frozen=True)
class _Run:
    """One run: its name, the objects that it lists, and the instant from which receipts belong to it."""

    context: StateWiring[ReprocessSettings]
    backfill_id: str
    prefix: str
    listed: Sequence[ObjectName]
    since: datetime

    def progress(self, total: int, done: int, state: str, failed: int = 0) -> None:
        """Append a row of progress, which `tipoff reprocess` and people read."""
        row = BackfillProgress(
            progress_date=self.since.date(),
            backfill_id=self.backfill_id,
            kind="objects",
            total=total,
            done=done,
            failed=failed,
            cursor=None,
            state=state,
            started_at=self.since,
            updated_at=self.context.clock(),
            release=self.context.settings.release,
        )
        self.context.warehouse.append(tables.get("backfill_progress_log"), [row])

    def receipts(self) -> dict[tuple[str, int], KnownObject]:
        """The receipts of this run."""
        return known_objects(self.context, self.prefix, self.since)


def replay(context: StateWiring[ReprocessSettings], request: Reprocess) -> Replayed:
    """Ingest the objects of the request that are not loaded yet; if forced, all of them. Returns when all are done.

    Raises:
        BadRequest: the request names no objects, or its range ends before it starts.
        BackendUnavailable: for two minutes, no further object was done. The same call continues where this one stopped.
    """
    wanted = kept_request(context, request)
    now = context.clock()
    backfill_id = wanted.backfill_id or f"replay_{int(now.timestamp() * 1000)}"
    began_at = _began(context, backfill_id) if wanted.backfill_id else None
    run = _Run(context, backfill_id, wanted.prefix, listing(context, wanted), began_at or now)
    # A forced run that starts ingests every object, so it need not read the receipts.
    mine = run.listed if wanted.force and began_at is None else _left(run, wanted, began_at or BEFORE_ALL)
    # The messages come before the first row of progress, so that `ingest` works while that append opens a connection.
    # If the run is killed in between, the next call does not know when it started. A forced one ingests every object
    # again, which gives the same rows.
    announce(context, backfill_id, mine)
    run.progress(len(mine), 0, "running")
    return _account(run, mine, _wait(run, mine))


def _left(run: _Run, wanted: Reprocess, since: datetime) -> list[ObjectName]:
    known = known_objects(run.context, wanted.prefix, BEFORE_ALL)
    return to_do(run.listed, known, wanted.force, since)


def _began(context: StateWiring[ReprocessSettings], backfill_id: str) -> datetime | None:
    return context.warehouse.rows(load("reprocess/backfill_started"), {"backfill_id": backfill_id}, _Started)[
        0
    ].started_at


def announce(
    context: StateWiring[ReprocessSettings] | StateWiring[ReconcileSettings], key: str, todo: Sequence[ObjectName]
) -> None:
    """Tell `ingest` to take in objects as if they had just landed; `key` begins the dedupe keys of the messages."""
    attributes = {"eventType": REPLAY, "bucketId": context.settings.bucket_landing}
    messages = {f"{key}:{chunk[0].name}": _message(chunk) for chunk in _chunks(todo)}
    context.topics.publish_all(context.settings.topic_landing_objects, messages, attributes)


def _message(chunk: Sequence[ObjectName]) -> Replay:
    return Replay(tuple(LandedObject(found.name, found.generation, found.size_bytes) for found in chunk))


def _chunks(todo: Sequence[ObjectName]) -> Iterator[list[ObjectName]]:
    """The objects of each message: at most CHUNK_OBJECTS and CHUNK_BYTES, because `ingest` has all of them in memory.

    Each message has objects from the whole list, so that the messages are about the same amount of work.
    """
    count = -(-len(todo) // CHUNK_OBJECTS)
    for first in range(count):
        yield from size_groups(todo[first::count], lambda found: found.size_bytes, CHUNK_BYTES)


def _wait(run: _Run, todo: Sequence[ObjectName]) -> Mapping[tuple[str, int], KnownObject]:
    """Wait until each object has a receipt, and return the receipts. Progress is appended when the count changes."""
    done, began_s = 0, time.monotonic()
    moved_s = began_s
    while True:
        time.sleep(_pause_s(done, len(todo), time.monotonic() - began_s))
        found = _counted(run)
        if found > done:
            done, moved_s = found, time.monotonic()
            run.progress(len(todo), min(done, len(todo)), "running")
        stalled = time.monotonic() - moved_s > STALLED_AFTER_S
        if done >= len(todo) or stalled:
            receipts = run.receipts()
            left = [one for one in todo if (one.name, one.generation) not in receipts]
            if not left:
                return receipts
            if stalled:
                raise BackendUnavailable(
                    "objects_unaccounted", f"{len(left)} objects have no receipt yet, for example {left[0].name}"
                )


def _pause_s(done: int, total: int, seconds: float) -> float:
    """Seconds until the next query: a third of the time that the other objects need at the rate so far.

    So there are few queries, and the last one comes soon after the last object. At first the rate is underestimated, so
    a pause is never longer than the run has lasted.
    """
    objects_per_s = done / seconds if done and seconds else OBJECTS_PER_S
    pause_s = (total - done) / objects_per_s / 3
    return min(max(pause_s, POLL_MIN_S), max(seconds, FIRST_POLL_S), POLL_MAX_S)


def _counted(run: _Run) -> int:
    parameters = {"prefix": run.prefix, "since": run.since}
    return run.context.warehouse.rows(load("reprocess/objects_since"), parameters, _Count)[0].objects


def _account(run: _Run, todo: Sequence[ObjectName], receipts: Mapping[tuple[str, int], KnownObject]) -> Replayed:
    """The answer, over all objects that the run ingested, in this call or an earlier one."""
    mine = [row for found in run.listed if (row := receipts.get((found.name, found.generation)))]
    fates = Counter(row.outcome for row in mine)
    run.progress(len(todo), len(todo), "done", fates["quarantined"])
    return Replayed(
        status="completed",
        code="OK",
        backfill_id=run.backfill_id,
        listed=len(run.listed),
        loaded=fates["accepted"],
        already_loaded=len(run.listed) - len(mine),
        ignored=fates["ignored"],
        quarantined=fates["quarantined"],
        rows=sum(row.rows_out for row in mine),
    )
