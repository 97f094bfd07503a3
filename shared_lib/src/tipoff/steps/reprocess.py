"""Reprocess: ingest landed objects again, by object, prefix, list or date range, and account for every one.

`listed = loaded + already_loaded + ignored + quarantined` when it ends. Nothing needs a cursor: what is in is known
from receipts, so a run that was killed goes on where the receipts stop.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from tipoff import tables
from tipoff.cloud.storage import ObjectName
from tipoff.core import contracts
from tipoff.core.errors import BadRequest
from tipoff.core.messages import ObjectFinalized
from tipoff.core.receipts import ObjectReceipt
from tipoff.runtime.settings import ReprocessSettings
from tipoff.steps.ingest import IngestContext, ingest_object, open_ingest
from tipoff.steps.ops import Clock, utc_now
from tipoff.steps.queries import load

FUNCTION = "reprocess"
WORKERS = 16
PROGRESS_EVERY = 200


class Reprocess(msgspec.Struct, frozen=True):
    """Body of `/reprocess`: one of object, objects, prefix, or a range of Eastern game dates."""

    object: str = ""
    objects: tuple[str, ...] = ()
    prefix: str = ""
    start_date: date | None = None
    end_date: date | None = None
    force: bool = False
    dry_run: bool = False
    backfill_id: str = ""


class Reprocessed(msgspec.Struct, frozen=True):
    """The account of one run, or the plan of it (`dry_run`)."""

    status: Literal["completed", "planned"]
    code: str
    backfill_id: str
    listed: int
    loaded: int
    already_loaded: int
    ignored: int
    quarantined: int
    rows: int
    bytes: int
    game_dates: tuple[date, ...]


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


def open_reprocess(settings: ReprocessSettings, clock: Clock = utc_now) -> IngestContext:
    """Open the clients of `reprocess`: those of ingest."""
    return open_ingest(settings, clock)


class _Loaded(msgspec.Struct, frozen=True):
    source_object: str
    source_generation: int
    outcome: str
    parse_seq: int


def reprocess(context: IngestContext, request: Reprocess) -> Reprocessed:
    """Ingest what the request names and is not in yet (all of it when forced).

    Raises:
        BadRequest: the request names nothing, or its range is reversed.
    """
    listed = list(_listed(context, request))
    loaded = set() if request.force else _loaded(context, request)
    todo = [found for found in listed if _identity(found) not in loaded]
    dates = tuple(sorted({day for found in todo if (day := _game_date(found.name)) is not None}))
    backfill_id = request.backfill_id or f"reprocess_{int(context.clock().timestamp() * 1000)}"
    size = sum(found.size_bytes for found in todo)
    if request.dry_run:
        already = len(listed) - len(todo)
        return Reprocessed("planned", "PLANNED", backfill_id, len(listed), 0, already, 0, 0, 0, size, dates)
    receipts = _ingest_all(context, backfill_id, todo)
    fates = Counter(receipt.outcome for receipt in receipts)
    return Reprocessed(
        status="completed",
        code="OK",
        backfill_id=backfill_id,
        listed=len(listed),
        loaded=fates["accepted"],
        already_loaded=len(listed) - len(todo),
        ignored=fates["ignored"],
        quarantined=fates["quarantined"],
        rows=sum(receipt.rows_out for receipt in receipts),
        bytes=size,
        game_dates=dates,
    )


def _listed(context: IngestContext, request: Reprocess) -> Iterator[ObjectName]:
    """Objects that the request names.

    Raises:
        BadRequest: it names nothing.
    """
    names = {*request.objects, request.object} - {""}
    in_range = request.start_date is not None and request.end_date is not None
    if not (names or request.prefix or in_range):
        raise BadRequest("nothing_named", "give object, objects, prefix, or start_date and end_date")
    for found in context.store.names(context.landing_bucket, request.prefix):
        if (not names or found.name in names) and (not in_range or _in_range(found.name, request)):
            yield found


def _in_range(name: str, request: Reprocess) -> bool:
    day = _game_date(name)
    first, last = request.start_date, request.end_date
    return day is not None and first is not None and last is not None and first <= day <= last


def _game_date(name: str) -> date | None:
    route = contracts.route(name)
    return route.day if route else None


def _loaded(context: IngestContext, request: Reprocess) -> set[tuple[str, int]]:
    """Objects that today's parser has dealt with for good; quarantined ones are tried again."""
    found = context.warehouse.rows(load("loaded_objects"), {"prefix": request.prefix}, _Loaded)
    return {
        (row.source_object, row.source_generation)
        for row in found
        if row.outcome == "accepted" and row.parse_seq == _parse_seq(row.source_object)
    }


def _parse_seq(name: str) -> int:
    route = contracts.route(name)
    return contracts.parse_seq(route.source) if route else 0


def _identity(found: ObjectName) -> tuple[str, int]:
    return found.name, found.generation


def _ingest_all(context: IngestContext, backfill_id: str, todo: Sequence[ObjectName]) -> list[ObjectReceipt]:
    started_at = context.clock()
    receipts: list[ObjectReceipt] = []

    def one(found: ObjectName) -> ObjectReceipt:
        event = ObjectFinalized(context.landing_bucket, found.name, found.generation)
        return ingest_object(context, event, found.size_bytes)

    with ThreadPoolExecutor(WORKERS) as pool:
        for receipt in pool.map(one, todo):
            receipts.append(receipt)
            if len(receipts) % PROGRESS_EVERY == 0:
                _progress(context, backfill_id, receipts, len(todo), started_at)
    _progress(context, backfill_id, receipts, len(todo), started_at)
    return receipts


def _progress(
    context: IngestContext,
    backfill_id: str,
    receipts: Sequence[ObjectReceipt],
    total: int,
    started_at: datetime,
) -> None:
    row = BackfillProgress(
        progress_date=started_at.date(),
        backfill_id=backfill_id,
        kind="objects",
        total=total,
        done=len(receipts),
        failed=sum(receipt.outcome == "quarantined" for receipt in receipts),
        cursor=receipts[-1].source_object if receipts else None,
        state="done" if len(receipts) == total else "running",
        started_at=started_at,
        updated_at=context.clock(),
        release=context.release,
    )
    context.warehouse.append(tables.get("backfill_progress_log"), [row])
