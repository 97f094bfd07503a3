"""`tipoff quarantine ls`, `show` and `replay`: what ingest refused and why, and a new attempt after a repair."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.cli.apps import new_app
from tipoff_ops.cli.options import AsJson, DryRun
from tipoff_ops.cli.output import out, print_json
from tipoff_ops.intake.send import temporary_mesh
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.function_call import call_function
from tipoff_ops.queries import load

app = new_app("List, show and replay what ingest refused.")

Data = Annotated[Path, typer.Option("--data", help="Folder of the local cloud.", exists=True)]
Code = Annotated[str, typer.Option("--code", help="Only this reason code.")]
Object = Annotated[str, typer.Option("--object", help="Only this object.")]


class QuarantineEntry(msgspec.Struct, frozen=True):
    """A document or row that ingest refused; `replayed_at` is set once a later receipt accepted it."""

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


@app.command("ls")
def ls(
    data: Data,
    code: Code = "",
    replayed: Annotated[bool, typer.Option("--all", help="Also entries that were replayed already.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the entries in quarantine."""
    with temporary_mesh(data) as mesh:
        entries = read_entries(Warehouse(mesh.settings, []), code, replayed=replayed)
    if as_json:
        print_json(entries)
        return
    table = Table("code", "level", "object", "row", "field", "rule", "seen")
    for entry in entries:
        row = "" if entry.row_index is None else str(entry.row_index)
        cells = (entry.source_object[:80], row, entry.field or "", entry.rule or "", str(entry.times_seen))
        table.add_row(entry.code, entry.level, *cells)
    out.print(table)


@app.command("show")
def show(source_object: str, data: Data) -> None:
    """Show all entries of one object as JSON."""
    with temporary_mesh(data) as mesh:
        entries = read_entries(Warehouse(mesh.settings, []), source_object=source_object, replayed=True)
    typer.echo(msgspec.json.format(msgspec.json.encode(entries)))
    raise typer.Exit(0 if entries else 1)


@app.command("replay")
def replay(data: Data, code: Code = "", source_object: Object = "", dry_run: DryRun = False) -> None:
    """Ingest objects in quarantine again, by reason code or object.

    Each is accepted now, or refused as before.
    """
    if not (code or source_object):
        raise typer.BadParameter("give --code or --object")
    with temporary_mesh(data) as mesh:
        entries = read_entries(Warehouse(mesh.settings, []), code, source_object)
        account = replay_entries(mesh, entries, dry_run)
    print_json(account)


def read_entries(
    warehouse: Warehouse, code: str = "", source_object: str = "", replayed: bool = False
) -> list[QuarantineEntry]:
    """Entries in quarantine, newest first.

    Args:
        code, source_object: only entries with this code or object; empty for all.
        replayed: whether entries that were replayed already are included.
    """
    parameters = {"code": code, "source_object": source_object}
    found = warehouse.rows(load(__file__, "quarantine_entries"), parameters, QuarantineEntry)
    return [entry for entry in found if replayed or entry.replayed_at is None]


def replay_entries(mesh: LocalMesh, entries: Sequence[QuarantineEntry], dry_run: bool) -> dict[str, Any]:
    """Ingest the objects of `entries` again, each once, through the function `reprocess`.

    Returns:
        The answer of `/replay`, or of `/reprocess` in a dry run; nothing is called if there is nothing to replay.
    """
    objects = sorted({entry.source_object for entry in entries if entry.level != "message"})
    if not objects:
        return {"status": "nothing_held", "listed": 0}
    path = "/reprocess" if dry_run else "/replay"
    return call_function(mesh, "reprocess", path, {"objects": objects, "force": True, "dry_run": dry_run})
