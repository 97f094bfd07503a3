"""What quarantine holds, and its replay: held documents are ingested again, exactly as they are held."""

from datetime import datetime
from typing import Any

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.local import LocalMesh
from tipoff_ops.people import call_function
from tipoff_ops.queries import load


class Held(msgspec.Struct, frozen=True):
    """One entry: a document or row that was refused; `replayed_at` once a later receipt accepted it."""

    source: str
    level: str
    source_object: str
    source_generation: int
    row_index: int | None
    code: str
    field: str | None
    value: str | None
    rule: str | None
    message: str
    copy_object: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    times_seen: int
    replayed_at: datetime | None
    release: str


def held(warehouse: Warehouse, code: str = "", source_object: str = "", replayed: bool = False) -> list[Held]:
    """Entries, newest first; those replayed already only when asked for. An empty filter lets everything pass."""
    found = warehouse.rows(load("quarantine_held"), {"code": code, "source_object": source_object}, Held)
    return [entry for entry in found if replayed or entry.replayed_at is None]


def replay(mesh: LocalMesh, entries: list[Held], dry_run: bool) -> dict[str, Any]:
    """Ingest the objects of `entries` again, each once, through the function `reprocess`.

    Returns:
        The account of `/replay`, or the plan of `/reprocess`; nothing is called when nothing is held.
    """
    objects = sorted({entry.source_object for entry in entries if entry.level != "message"})
    if not objects:
        return {"status": "nothing_held", "listed": 0}
    path = "/reprocess" if dry_run else "/replay"
    return call_function(mesh, "reprocess", path, {"objects": objects, "force": True, "dry_run": dry_run})
