"""Objects of the landing bucket that have no receipt: their notification was lost, or every delivery of it failed.

The bucket is compared with the receipts, by name and generation, so that the receipt of an older generation does not
hide a newer one that was lost.
"""

from datetime import datetime, timedelta

import msgspec

from tipoff.cloud.storage import ObjectName
from tipoff.runtime.settings import ReconcileSettings
from tipoff.steps.queries import load
from tipoff.steps.replay import announce
from tipoff.steps.wiring import StateWiring

LOOK_BACK = timedelta(days=2)
RECEIPT_AFTER = timedelta(minutes=30)  # until then a message may still be delivered
NAMED_MAX = 10  # in an alert


class _Received(msgspec.Struct, frozen=True):
    source_object: str
    source_generation: int


def lost_objects(context: StateWiring[ReconcileSettings], now: datetime) -> list[ObjectName]:
    """Objects that were written in the last two days, and not in the last half hour, and have no receipt."""
    since = now - LOOK_BACK
    rows = context.warehouse.rows(load("reconcile/received_objects"), {"since": since}, _Received)
    received = {(row.source_object, row.source_generation) for row in rows}
    return [
        found
        for found in context.store.names(context.settings.bucket_landing)
        if found.created_at is not None
        and since <= found.created_at <= now - RECEIPT_AFTER
        and (found.name, found.generation) not in received
    ]


def ingest_lost_objects(context: StateWiring[ReconcileSettings], now: datetime) -> tuple[str, ...]:
    """Alert a person of objects without a receipt, and send them to `ingest`; returns their names."""
    lost = lost_objects(context, now)
    if not lost:
        return ()
    names = tuple(found.name for found in lost)
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    text = f"{len(names)} objects have no receipt and are ingested now: {', '.join(names[:NAMED_MAX])}{more}"
    context.ops.alert("objects_without_receipt", f"{names[0]}:{lost[0].generation}", text)
    announce(context, f"lost_{now:%Y%m%dT%H%M}", lost)
    return names
