"""The step of `ingest`: append the rows of a finalized object to its landing tables, or quarantine it with a reason.

In order: find the source by the object's name, read the generation of the notification, parse it, append the rows,
quarantine what was refused, write a receipt, and publish the dates. Each of these can be repeated, because readers use
the newest rows of each document.

The bytes of all concurrent requests are bounded before they are read: Cloud Run sends up to 250 requests at once, and
each may name an object of 32 MB.
"""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from threading import BoundedSemaphore

import msgspec

from tipoff import sources, tables
from tipoff.cloud.downloads import ObjectBytes
from tipoff.cloud.rows import Part
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.contracts.decoding import plain_size_bytes
from tipoff.core.contracts.results import DocumentRefused, Parsed, Reject, refused
from tipoff.core.contracts.routes import Route
from tipoff.core.errors import BadRequest, ContractViolation, NotReady, Retryable, TipoffError
from tipoff.core.messages import REPLAY, LandedObject, ObjectFinalized, RawReady, Replay
from tipoff.core.receipts import ObjectReceipt, QuarantineEntry, TableCount
from tipoff.core.size_groups import size_groups
from tipoff.runtime.arguments import decode_body
from tipoff.runtime.bytes_in_flight import BytesInFlight
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import IngestSettings
from tipoff.steps.ops import VALUE_CHARS_MAX
from tipoff.steps.wiring import Wiring

OBJECT_BYTES_MAX = 32 * 1024 * 1024
FINALIZE = "OBJECT_FINALIZE"
REPLAY_WORKERS = 4
# Replays that run at the same time. Each has the rows of all its objects in memory.
_REPLAYS = BoundedSemaphore(2)
# A request that cannot be let in is refused before its message is due again (mesh.yaml: ack_deadline_s).
WAIT_S = 60.0
# Stored bytes that are in memory, and the same without Content-Encoding. Each is held until the rows are appended. A
# document that is parsed needs up to 64 MB beyond its plain bytes (tests/unit/core/test_memory.py).
STORED_BYTES_MAX = 64 * 2**20
PLAIN_BYTES_MAX = 96 * 2**20
_STORED = BytesInFlight(STORED_BYTES_MAX, WAIT_S)
_PLAIN = BytesInFlight(PLAIN_BYTES_MAX, WAIT_S)


class _Payload(msgspec.Struct, frozen=True):
    """The part of a JSON_API_V1 notification that says how large the object is."""

    size: str = "0"


def ingest(context: Wiring[IngestSettings], delivery: Delivery) -> None:
    """Ingest the object that a bucket notification names, or the objects of a replay.

    Other events of the bucket are ignored.

    Raises:
        BadRequest: the message is neither of the two, or names another bucket.
        Retryable: a service did not answer. Pub/Sub delivers the message again.
    """
    if delivery.attributes.get("eventType") == REPLAY:
        _replay(context, delivery)
        return
    event = _finalized(delivery, context.settings.bucket_landing)
    if event is not None:
        ingest_object(context, event, _size_bytes(delivery))


def _replay(context: Wiring[IngestSettings], delivery: Delivery) -> None:
    """Ingest each object of a replay, even if another one fails. Then raise the first failure."""
    objects = decode_body(Replay, delivery.data).objects

    def fetch(found: LandedObject) -> _FetchedObject | Retryable:
        event = ObjectFinalized(context.settings.bucket_landing, found.name, found.generation)
        try:
            return _fetch(context, event, found.size_bytes)
        except Retryable as error:
            return error

    stored_bytes = sum(_bytes_to_read(found.name, found.size_bytes) for found in objects)
    with _REPLAYS, _STORED.hold(stored_bytes):
        # All objects are read before the first is parsed: parsing one after the other, without waiting, is faster.
        with ThreadPoolExecutor(REPLAY_WORKERS) as pool:
            fetched = list(pool.map(fetch, objects))
        failures: list[TipoffError] = [one for one in fetched if isinstance(one, Retryable)]
        read = (one for one in fetched if isinstance(one, _FetchedObject))
        for group in size_groups(read, _plain_bytes, PLAIN_BYTES_MAX):
            failures += _ingest_fetched(context, group)[1]
    for failure in failures:
        raise failure


def _finalized(delivery: Delivery, bucket: str) -> ObjectFinalized | None:
    attributes = delivery.attributes
    if attributes.get("eventType") not in (FINALIZE, None):
        return None
    try:
        event = ObjectFinalized(attributes["bucketId"], attributes["objectId"], int(attributes["objectGeneration"]))
    except (KeyError, ValueError) as error:
        raise BadRequest("bad_notification", f"the message is not a bucket notification: {error}") from error
    if event.bucket != bucket:
        raise BadRequest("wrong_bucket", f"the notification is of the bucket {event.bucket}, not of {bucket}")
    return event


def _size_bytes(delivery: Delivery) -> int:
    try:
        return int(msgspec.json.decode(delivery.data, type=_Payload).size)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise BadRequest("bad_notification", f"the payload is not an object resource: {error}") from error


@dataclass(frozen=True)
class _FetchedObject:
    """An object that was read, or the reason why it was refused."""

    event: ObjectFinalized
    received_at: datetime
    route: Route | None
    found: ObjectBytes | DocumentRefused


@dataclass(frozen=True)
class _ParsedObject:
    """An object with its parsed rows or its refusal."""

    event: ObjectFinalized
    received_at: datetime
    route: Route | None
    found: ObjectBytes | None
    parsed: Parsed


def ingest_object(context: Wiring[IngestSettings], event: ObjectFinalized, size_bytes: int) -> ObjectReceipt:
    """Ingest one object of any kind and return its receipt.

    Raises:
        Retryable: a service did not answer. A second attempt gives the same rows.
    """
    with _STORED.hold(_bytes_to_read(event.name, size_bytes)):
        receipts, failures = _ingest_fetched(context, [_fetch(context, event, size_bytes)])
    for failure in failures:
        raise failure
    return receipts[0]


def _bytes_to_read(name: str, size_bytes: int) -> int:
    """How many bytes of an object `_fetch` reads; the most that it may, if the notification states no size."""
    read = sources.route(name) is not None and size_bytes <= OBJECT_BYTES_MAX
    return (size_bytes or OBJECT_BYTES_MAX) if read else 0


def _plain_bytes(fetched: _FetchedObject) -> int:
    """The size of an object without its Content-Encoding; 0 if it was not read."""
    found = fetched.found
    return 0 if isinstance(found, DocumentRefused) else plain_size_bytes(found.data, found.content_encoding)


def _ingest_fetched(
    context: Wiring[IngestSettings], fetched: Sequence[_FetchedObject]
) -> tuple[list[ObjectReceipt], list[TipoffError]]:
    with _PLAIN.hold(sum(map(_plain_bytes, fetched))):
        return _ingest(context, [_parsed(one) for one in fetched])


def _ingest(
    context: Wiring[IngestSettings], taken: Sequence[_ParsedObject]
) -> tuple[list[ObjectReceipt], list[TipoffError]]:
    """Write each object by itself. Returns the receipts of the objects that are done, and the errors of the others."""
    failures: list[TipoffError] = []
    ended: list[tuple[_ParsedObject, tuple[TableCount, ...]]] = []
    for one, error in zip(taken, _append(context, taken), strict=True):
        if error is None:
            ended.append((one, tuple(TableCount(part.table, len(part.rows)) for part in one.parsed.tables)))
        elif isinstance(error, ContractViolation):
            ended.append((_refused_by_warehouse(one, error), ()))
        else:
            failures.append(error)
    for one, _ in ended:
        _quarantine(context, one)
    receipts = [_receipt(context, one, written) for one, written in ended]
    context.ops.objects(receipts)  # before the announcement: a rebuild learns from receipts what is new
    _announce(context, [one for one, written in ended if written])
    return receipts, failures


def _fetch(context: Wiring[IngestSettings], event: ObjectFinalized, size_bytes: int) -> _FetchedObject:
    received_at = context.clock()
    route = sources.route(event.name)
    if route is None:
        return _FetchedObject(event, received_at, None, sources.refusal(event.name, size_bytes))
    if size_bytes > OBJECT_BYTES_MAX:
        refusal = DocumentRefused(
            Reason.TOO_LARGE, f"an object may have {OBJECT_BYTES_MAX} bytes at most", value=size_bytes
        )
        return _FetchedObject(event, received_at, route, refusal)
    try:
        found = context.store.read(event.bucket, event.name, event.generation)
    except NotReady:
        superseded = DocumentRefused(
            Reason.DUPLICATE_DELIVERY, "a newer generation has replaced this one", outcome=DocumentOutcome.IGNORED
        )
        return _FetchedObject(event, received_at, route, superseded)
    return _FetchedObject(event, received_at, route, found)


def _parsed(fetched: _FetchedObject) -> _ParsedObject:
    event, received_at, found = fetched.event, fetched.received_at, fetched.found
    if isinstance(found, DocumentRefused):
        return _ParsedObject(event, received_at, fetched.route, None, refused(found))
    parsed = sources.read(event.name, found.data, found.content_encoding, received_at)
    return _ParsedObject(event, received_at, fetched.route, found, parsed)


def _append(context: Wiring[IngestSettings], taken: Sequence[_ParsedObject]) -> list[TipoffError | None]:
    """Append the rows. Returns for each object its error, or None."""
    parts = [_parts(context, one) for one in taken]
    errors = iter(context.warehouse.append_parts([part for of_one in parts for part in of_one]))
    return [_first(islice(errors, len(of_one))) for of_one in parts]


def _first(errors: Iterable[TipoffError | None]) -> TipoffError | None:
    """The first error of an object. All results are consumed, because the next object's follow them."""
    return next(iter([error for error in errors if error is not None]), None)


def _parts(context: Wiring[IngestSettings], taken: _ParsedObject) -> list[Part]:
    parsed = taken.parsed
    constants = {
        "source_object": taken.event.name,
        "source_generation": taken.event.generation,
        "parse_seq": parsed.parse_seq,
        "observed_at": parsed.observed_at,
        "ingested_at": context.clock(),
    }
    return [Part(tables.landing(part.table), part.rows, constants) for part in parsed.tables]


def _refused_by_warehouse(taken: _ParsedObject, refusal: ContractViolation) -> _ParsedObject:
    """The object, refused because the warehouse refuses its rows."""
    parsed = refused(DocumentRefused(Reason.SCHEMA, refusal.message), taken.parsed.parse_seq)
    return _ParsedObject(taken.event, taken.received_at, taken.route, taken.found, parsed)


def _quarantine(context: Wiring[IngestSettings], taken: _ParsedObject) -> None:
    rejects = taken.parsed.rejects
    if not rejects:
        return
    document = taken.parsed.outcome is DocumentOutcome.QUARANTINED
    copy_object = _keep_copy(context, taken.event) if document else None
    context.ops.quarantine(_entries(context, taken, rejects, copy_object))
    if document:
        source = taken.route.source if taken.route else "unknown"
        context.ops.alert("quarantined", f"{source}:{rejects[0].code.value}", rejects[0].rule)


def _keep_copy(context: Wiring[IngestSettings], event: ObjectFinalized) -> str | None:
    """Copy the document to the quarantine bucket. None if its generation was replaced and cannot be copied."""
    copy_object = f"{hashlib.sha256(event.name.encode()).hexdigest()}/{event.generation}"
    try:
        context.store.keep_copy(
            event.bucket, event.name, event.generation, context.settings.bucket_quarantine, copy_object
        )
    except NotReady:
        return None
    return copy_object


def _entries(
    context: Wiring[IngestSettings], taken: _ParsedObject, rejects: Sequence[Reject], copy_object: str | None
) -> list[QuarantineEntry]:
    now = context.clock()
    document = taken.parsed.outcome is DocumentOutcome.QUARANTINED
    return [
        QuarantineEntry(
            quarantined_date=now.date(),
            source=taken.route.source if taken.route else "unknown",
            level="document" if document else "row",
            source_object=taken.event.name,
            source_generation=taken.event.generation,
            row_index=reject.row_index,
            code=reject.code.value,
            field=reject.field,
            value=reject.value[:VALUE_CHARS_MAX] if reject.value else None,
            rule=reject.rule,
            message=f"{taken.event.name}: {reject.field or 'document'}: {reject.rule}",
            copy_object=copy_object,
            quarantined_at=now,
            release=context.settings.release,
        )
        for reject in rejects
    ]


def _announce(context: Wiring[IngestSettings], taken: Sequence[_ParsedObject]) -> None:
    messages = {
        f"raw:{one.event.name}#{one.event.generation}": RawReady(
            tables=tuple(part.table for part in one.parsed.tables),
            game_dates=one.parsed.dates,
            source_object=one.event.name,
            source_generation=one.event.generation,
        )
        for one in taken
    }
    if messages:
        context.topics.publish_all(context.settings.topic_raw_ready, messages)


def _receipt(context: Wiring[IngestSettings], taken: _ParsedObject, written: tuple[TableCount, ...]) -> ObjectReceipt:
    parsed, found = taken.parsed, taken.found
    dates = parsed.dates if written else ()
    return ObjectReceipt(
        received_date=taken.received_at.date(),
        source_object=taken.event.name,
        source_generation=taken.event.generation,
        source=taken.route.source if taken.route else "unknown",
        game_date=dates[0] if len(dates) == 1 else None,
        first_game_date=dates[0] if dates else None,
        last_game_date=dates[-1] if dates else None,
        parse_seq=parsed.parse_seq,
        observed_at=parsed.observed_at,
        outcome=parsed.outcome.value,
        reason=parsed.reason.value if parsed.reason else None,
        rows_in=parsed.rows_in,
        rows_out=parsed.rows_out,
        rows_rejected=parsed.rows_in - parsed.rows_out,
        tables=written,
        content_sha256=hashlib.sha256(found.data).hexdigest() if found else None,
        received_at=taken.received_at,
        committed_at=context.clock(),
        release=context.settings.release,
    )
