"""Ingest: one finalized object becomes rows of its landing tables, or goes to quarantine with a reason.

In order: route the name, read at the notified generation, parse (pure), append the rows, set the refused aside,
announce the dates, leave a receipt. Each step may be repeated: readers take the newest of each document.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.pubsub import Topics
from tipoff.cloud.storage import ObjectBytes, ObjectStore
from tipoff.core import contracts
from tipoff.core.codes import Reason
from tipoff.core.contracts import Parsed, Reject, Route
from tipoff.core.errors import BadRequest, ContractViolation, NotReady, Permanent
from tipoff.core.messages import ObjectFinalized, RawReady
from tipoff.core.receipts import ObjectReceipt, QuarantineEntry
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import IngestSettings, ReprocessSettings
from tipoff.steps.ops import VALUE_CHARS_MAX, Clock, OpsLog, utc_now

OBJECT_BYTES_MAX = 32 * 1024 * 1024
FINALIZE = "OBJECT_FINALIZE"


@dataclass(frozen=True)
class IngestContext:
    """What ingest keeps open."""

    landing_bucket: str
    quarantine_bucket: str
    raw_ready_topic: str
    release: str
    store: ObjectStore
    warehouse: Warehouse
    topics: Topics
    ops: OpsLog
    clock: Clock

    def quarantine_message(self, delivery: Delivery, error: Permanent) -> None:
        """Set a message aside that names no object."""
        self.ops.message(delivery, error)


def open_ingest(settings: IngestSettings | ReprocessSettings, clock: Clock = utc_now) -> IngestContext:
    """Open the clients of `ingest` (and of `reprocess`, which ingests again)."""
    warehouse = Warehouse(settings, [settings.dataset_nba_landing, settings.dataset_nba_ops])
    topics = Topics(settings)
    return IngestContext(
        landing_bucket=settings.bucket_landing,
        quarantine_bucket=settings.bucket_quarantine,
        raw_ready_topic=settings.topic_raw_ready,
        release=settings.release,
        store=ObjectStore(settings),
        warehouse=warehouse,
        topics=topics,
        ops=OpsLog(warehouse, topics, settings.topic_alerts, "ingest", settings.release, clock),
        clock=clock,
    )


class _Payload(msgspec.Struct, frozen=True):
    """The part of a JSON_API_V1 notification that bounds the read."""

    size: str = "0"


def ingest(context: IngestContext, delivery: Delivery) -> None:
    """Ingest the object that a bucket notification names; other events of the bucket are nothing to do.

    Raises:
        BadRequest: the message is not a bucket notification, or names another bucket.
        Retryable: a service did not answer; the message will come again.
    """
    event = _finalized(delivery, context.landing_bucket)
    if event is not None:
        ingest_object(context, event, _size_bytes(delivery))


def _finalized(delivery: Delivery, bucket: str) -> ObjectFinalized | None:
    attributes = delivery.attributes
    if attributes.get("eventType") not in (FINALIZE, None):
        return None
    try:
        event = ObjectFinalized(
            attributes["bucketId"], attributes["objectId"], int(attributes["objectGeneration"])
        )
    except (KeyError, ValueError) as error:
        raise BadRequest("bad_notification", f"not a bucket notification: {error}") from error
    if event.bucket != bucket:
        raise BadRequest("wrong_bucket", f"a notification of {event.bucket}, not of {bucket}")
    return event


def _size_bytes(delivery: Delivery) -> int:
    try:
        return int(msgspec.json.decode(delivery.data, type=_Payload).size)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise BadRequest("bad_notification", f"the payload is no object resource: {error}") from error


@dataclass(frozen=True)
class _Taken:
    """An object on its way: what is known of it before its receipt is written."""

    event: ObjectFinalized
    received_at: datetime
    route: Route | None
    found: ObjectBytes | None
    parsed: Parsed


def ingest_object(context: IngestContext, event: ObjectFinalized, size_bytes: int) -> ObjectReceipt:
    """Take one object in, whatever it is, and return its receipt.

    Raises:
        Retryable: a service did not answer; nothing is lost, and a repeat changes nothing.
    """
    taken = _take(context, event, size_bytes)
    written: tuple[str, ...] = ()
    try:
        written = _append(context, taken)
    except ContractViolation as refused:
        taken = _refused_by_warehouse(taken, refused)
    _set_aside(context, taken)
    if written:
        _announce(context, taken)
    receipt = _receipt(context, taken, written, size_bytes)
    context.ops.objects([receipt])
    return receipt


def _take(context: IngestContext, event: ObjectFinalized, size_bytes: int) -> _Taken:
    received_at = context.clock()
    route = contracts.route(event.name)
    if route is None:
        return _Taken(event, received_at, None, None, contracts.unrouted(event.name))
    if size_bytes > OBJECT_BYTES_MAX:
        return _Taken(event, received_at, route, None, contracts.refused(Reason.TOO_LARGE, f"{size_bytes} bytes"))
    try:
        found = context.store.read(event.bucket, event.name, event.generation)
    except NotReady:
        return _Taken(event, received_at, route, None, contracts.ignored(Reason.SUPERSEDED))
    parsed = contracts.parse(route, found.data, found.content_encoding)
    return _Taken(event, received_at, route, found, parsed)


def _append(context: IngestContext, taken: _Taken) -> tuple[str, ...]:
    """Append the rows and return the names of the tables written."""
    parsed = taken.parsed
    if taken.route is None or not parsed.tables:
        return ()
    constants = {
        "source_object": taken.event.name,
        "source_generation": taken.event.generation,
        "parse_seq": taken.route.parse_seq,
        "observed_at": parsed.observed_at,
        "ingested_at": context.clock(),
    }
    for part in parsed.tables:
        context.warehouse.append(tables.landing(part.table), part.rows, constants)
    return tuple(part.table for part in parsed.tables)


def _refused_by_warehouse(taken: _Taken, refused: ContractViolation) -> _Taken:
    """What the warehouse will not hold was never a valid document."""
    parsed = contracts.refused(Reason.SCHEMA, refused.message)
    return _Taken(taken.event, taken.received_at, taken.route, taken.found, parsed)


def _set_aside(context: IngestContext, taken: _Taken) -> None:
    rejects = taken.parsed.rejects
    if not rejects:
        return
    document = taken.parsed.outcome == "quarantined"
    copy_object = _keep_copy(context, taken.event) if document else None
    context.ops.quarantine(_entries(context, taken, rejects, copy_object))
    if document:
        source = taken.route.source if taken.route else "unknown"
        context.ops.alert("quarantined", f"{source}:{taken.parsed.reason}", rejects[0].rule)


def _keep_copy(context: IngestContext, event: ObjectFinalized) -> str | None:
    """Copy the document into the quarantine bucket; a superseded generation can no longer be copied."""
    copy_object = f"{hashlib.sha256(event.name.encode()).hexdigest()}/{event.generation}"
    try:
        context.store.keep_copy(
            event.bucket, event.name, event.generation, context.quarantine_bucket, copy_object
        )
    except NotReady:
        return None
    return copy_object


def _entries(
    context: IngestContext, taken: _Taken, rejects: Sequence[Reject], copy_object: str | None
) -> list[QuarantineEntry]:
    now = context.clock()
    document = taken.parsed.outcome == "quarantined"
    uri = f"gs://{context.quarantine_bucket}/{copy_object}" if copy_object else None
    return [
        QuarantineEntry(
            seen_date=now.date(),
            source=taken.route.source if taken.route else "unknown",
            kind="object" if document else "row",
            bucket=taken.event.bucket,
            object_name=taken.event.name,
            generation=taken.event.generation,
            row_index=reject.row_index,
            code=str(reject.code),
            field=reject.field,
            value=reject.value[:VALUE_CHARS_MAX] if reject.value else None,
            rule=reject.rule,
            detail=f"{taken.event.name}: {reject.field or 'document'}: {reject.rule}",
            quarantine_uri=uri,
            event="held",
            parse_seq=taken.route.parse_seq if taken.route else None,
            release=context.release,
            seen_at=now,
        )
        for reject in rejects
    ]


def _dates(parsed: Parsed) -> tuple[date, ...]:
    return tuple(sorted({row.game_date for part in parsed.tables for row in part.rows}))


def _announce(context: IngestContext, taken: _Taken) -> None:
    event = taken.event
    message = RawReady(
        tables=tuple(part.table for part in taken.parsed.tables),
        game_dates=_dates(taken.parsed),
        source_object=event.name,
        source_generation=event.generation,
    )
    context.topics.publish(context.raw_ready_topic, message, f"raw:{event.name}#{event.generation}")


def _receipt(
    context: IngestContext, taken: _Taken, written: tuple[str, ...], size_bytes: int
) -> ObjectReceipt:
    parsed, found = taken.parsed, taken.found
    return ObjectReceipt(
        received_date=taken.received_at.date(),
        bucket=taken.event.bucket,
        object_name=taken.event.name,
        generation=taken.event.generation,
        source=taken.route.source if taken.route else None,
        outcome=parsed.outcome,
        reason=str(parsed.reason) if parsed.reason else None,
        parse_seq=taken.route.parse_seq if taken.route else 0,
        tables=written,
        game_dates=_dates(parsed) if written else (),
        rows_in=parsed.rows_in,
        rows_out=parsed.rows_out,
        rows_rejected=parsed.rows_in - parsed.rows_out,
        byte_size=len(found.data) if found else size_bytes,
        content_sha256=hashlib.sha256(found.data).hexdigest() if found else None,
        observed_at=parsed.observed_at,
        release=context.release,
        received_at=context.clock(),
    )
