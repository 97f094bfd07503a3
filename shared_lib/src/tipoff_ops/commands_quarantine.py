"""`tipoff quarantine ls | show | replay`: what was refused and why, and another try after a fix."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.commands_intake import temporary_mesh
from tipoff_ops.quarantine import held
from tipoff_ops.quarantine import replay as replay_held

app = typer.Typer(no_args_is_help=True, help=__doc__)
out = Console()

Data = Annotated[Path, typer.Option("--data", help="Folder of the local cloud.", exists=True)]
Code = Annotated[str, typer.Option("--code", help="Only this reason code.")]
Object = Annotated[str, typer.Option("--object", help="Only this object.")]
All = Annotated[bool, typer.Option("--all", help="Those replayed already as well.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]


@app.command("ls")
def ls(data: Data, code: Code = "", replayed: All = False, as_json: AsJson = False) -> None:
    """List what is held."""
    with temporary_mesh(data) as mesh:
        entries = held(Warehouse(mesh.settings, []), code, replayed=replayed)
    if as_json:
        typer.echo(msgspec.json.encode(entries))
        return
    table = Table("code", "level", "object", "row", "field", "rule", "seen")
    for entry in entries:
        row = "" if entry.row_index is None else str(entry.row_index)
        cells = (entry.source_object[:80], row, entry.field or "", entry.rule or "", str(entry.times_seen))
        table.add_row(entry.code, entry.level, *cells)
    out.print(table)


@app.command("show")
def show(source_object: str, data: Data) -> None:
    """Everything that is known of one object's refusals, as JSON."""
    with temporary_mesh(data) as mesh:
        entries = held(Warehouse(mesh.settings, []), source_object=source_object, replayed=True)
    typer.echo(msgspec.json.format(msgspec.json.encode(entries)))
    raise typer.Exit(0 if entries else 1)


@app.command("replay")
def replay(data: Data, code: Code = "", source_object: Object = "", dry_run: DryRun = False) -> None:
    """Ingest what is held again, by code or object; it is accepted now or held as before."""
    if not (code or source_object):
        raise typer.BadParameter("give --code or --object")
    with temporary_mesh(data) as mesh:
        account = replay_held(mesh, held(Warehouse(mesh.settings, []), code, source_object), dry_run)
    typer.echo(msgspec.json.encode(account))
