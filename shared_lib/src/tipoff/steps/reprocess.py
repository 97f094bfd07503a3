"""The step of `/reprocess`: estimate what it means to ingest landed objects again, or start the workflow that does it.

A request names one object, several objects, a prefix, or a range of Eastern game dates. It is stored in the state
bucket, and the workflow gets its name: the argument of a workflow is too small for hundreds of object names.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from tipoff import sources
from tipoff.cloud.storage import ObjectName
from tipoff.core.errors import BadRequest
from tipoff.core.game_date import game_date_of
from tipoff.prices import of_objects
from tipoff.runtime.http import ACCEPTED, OK
from tipoff.runtime.settings import ReprocessSettings
from tipoff.steps.queries import load
from tipoff.steps.wiring import StateWiring

BEFORE_ALL = datetime(1946, 11, 1, tzinfo=UTC)


class Reprocess(msgspec.Struct, frozen=True):
    """Body of `/reprocess` and `/replay`: an object, objects, a prefix, a range, or the id of a stored request.

    `to_step` is the last step that the workflow runs over the dates after the objects are ingested.
    """

    object: str = ""
    objects: tuple[str, ...] = ()
    prefix: str = ""
    start_date: date | None = None
    end_date: date | None = None
    force: bool = False
    dry_run: bool = False
    to_step: Literal["ingest", "analyze", "precompute", "predict", "grade", "publish"] = "ingest"
    backfill_id: str = ""
    request_id: str = ""


class ReprocessPlan(msgspec.Struct, frozen=True):
    """The answer: 200 with the plan (`dry_run`), or 202 with the execution of the workflow.

    Attributes:
        listed: the objects that the request names.
        todo: those of them that are not loaded yet; all of them if the request is forced.
        rows: the expected rows, by the last receipt of the object, or else by the mean of its source.
        estimated_usd: at list price, by `tipoff.prices`.
        execution: full name of the execution; empty in a plan.
    """

    status: Literal["planned", "started"]
    code: str
    listed: int
    already_loaded: int
    todo: int
    rows: int
    bytes: int
    game_dates: tuple[date, ...]
    estimated_usd: float
    execution: str = ""
    http_status: int = OK


class _Argument(msgspec.Struct, frozen=True):
    request_id: str
    start_date: date
    end_date: date
    from_step: str
    to_step: str
    force: bool


class KnownObject(msgspec.Struct, frozen=True):
    """The newest receipt of an object."""

    source_object: str
    source_generation: int
    source: str
    outcome: str
    parse_seq: int
    rows_out: int
    received_at: datetime


def reprocess(context: StateWiring[ReprocessSettings], request: Reprocess) -> ReprocessPlan:
    """Make the plan, and unless this is a dry run, start the workflow that ingests the objects.

    Raises:
        BadRequest: the request names no objects.
    """
    listed = listing(context, request)
    known = known_objects(context, request.prefix, BEFORE_ALL)
    todo = to_do(listed, known, request.force, BEFORE_ALL)
    plan = _plan(listed, todo, known)
    if request.dry_run:
        return plan
    argument = _argument(context, request, plan.game_dates)
    started = context.workflows.start(context.settings.workflow_reprocess, argument)
    return msgspec.structs.replace(plan, status="started", code="STARTED", execution=started.name, http_status=ACCEPTED)


def _argument(context: StateWiring[ReprocessSettings], request: Reprocess, dates: Sequence[date]) -> _Argument:
    now = context.clock()
    request_id = f"reprocess_{int(now.timestamp() * 1000)}"
    context.store.write(context.settings.bucket_state, _key(request_id), msgspec.json.encode(request), if_generation=0)
    today = game_date_of(now)
    first = request.start_date or (dates[0] if dates else today)
    last = request.end_date or (dates[-1] if dates else today)
    return _Argument(request_id, first, last, "ingest", request.to_step, request.force)


def _key(request_id: str) -> str:
    return f"requests/{request_id}.json"


def kept_request(context: StateWiring[ReprocessSettings], request: Reprocess) -> Reprocess:
    """The stored request that `request_id` names, with the `backfill_id` of this one. Without an id, this request."""
    if not request.request_id:
        return request
    found = context.store.read(context.settings.bucket_state, _key(request.request_id))
    kept = msgspec.json.decode(found.data, type=Reprocess)
    return msgspec.structs.replace(kept, backfill_id=request.backfill_id)


def listing(context: StateWiring[ReprocessSettings], request: Reprocess) -> list[ObjectName]:
    """The objects of the landing bucket that the request names, in the order of their names.

    Raises:
        BadRequest: the request names no objects.
    """
    names = {*request.objects, request.object} - {""}
    in_range = request.start_date is not None and request.end_date is not None
    if not (names or request.prefix or in_range) or (request.start_date is None) != (request.end_date is None):
        raise BadRequest("nothing_named", "give object, objects, prefix, or both start_date and end_date")
    return list(_listed(context, request, names, in_range))


def _listed(
    context: StateWiring[ReprocessSettings], request: Reprocess, names: set[str], in_range: bool
) -> Iterator[ObjectName]:
    for found in context.store.names(context.settings.bucket_landing, request.prefix or _common_prefix(names)):
        if (not names or found.name in names) and (not in_range or _in_range(found.name, request)):
            yield found


def _common_prefix(names: set[str]) -> str:
    """The longest prefix of all names, so that the whole bucket need not be listed."""
    first, last = min(names, default=""), max(names, default="")
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _in_range(name: str, request: Reprocess) -> bool:
    day = _game_date(name)
    first, last = request.start_date, request.end_date
    return day is not None and first is not None and last is not None and first <= day <= last


def _game_date(name: str) -> date | None:
    route = sources.route(name)
    return route.day if route else None


def known_objects(
    context: StateWiring[ReprocessSettings], prefix: str, since: datetime
) -> dict[tuple[str, int], KnownObject]:
    """Receipts of objects received at or after `since`, by name and generation."""
    found = context.warehouse.rows(load("reprocess/loaded_objects"), {"prefix": prefix, "since": since}, KnownObject)
    return {(row.source_object, row.source_generation): row for row in found}


def to_do(
    listed: Sequence[ObjectName], known: dict[tuple[str, int], KnownObject], force: bool, since: datetime
) -> list[ObjectName]:
    """The objects to ingest: not loaded by the current parser; if forced, without a receipt since `since`.

    A quarantined object is tried again, once in each run.
    """

    def done(found: ObjectName) -> bool:
        row = known.get((found.name, found.generation))
        if row is None:
            return False
        in_this_run = since > BEFORE_ALL and row.received_at >= since
        return in_this_run or (not force and row.outcome == "accepted" and row.parse_seq == _parse_seq(found.name))

    return [found for found in listed if not done(found)]


def _parse_seq(name: str) -> int:
    route = sources.route(name)
    return sources.SOURCES[route.source].parse_seq if route else 0


def _plan(
    listed: Sequence[ObjectName], todo: Sequence[ObjectName], known: dict[tuple[str, int], KnownObject]
) -> ReprocessPlan:
    return ReprocessPlan(
        status="planned",
        code="PLANNED",
        listed=len(listed),
        already_loaded=len(listed) - len(todo),
        todo=len(todo),
        rows=_rows(todo, known),
        bytes=sum(found.size_bytes for found in todo),
        game_dates=tuple(sorted({day for found in todo if (day := _game_date(found.name)) is not None})),
        estimated_usd=round(of_objects(len(todo)).dollars, 6),
    )


def _rows(todo: Sequence[ObjectName], known: dict[tuple[str, int], KnownObject]) -> int:
    """The expected rows: by the last receipt of each object, or else by the mean of its source."""
    by_source: dict[str, list[int]] = defaultdict(list)
    for row in known.values():
        by_source[row.source].append(row.rows_out)
    total = 0.0
    for found in todo:
        own, route = known.get((found.name, found.generation)), sources.route(found.name)
        others = by_source.get(route.source, []) if route else []
        total += own.rows_out if own else sum(others) / len(others) if others else 0
    return round(total)
