"""`tipoff model ls | activate`: which models there are, and the one command of a rollback.

Exit codes: 0 done, 1 it could not be done, 2 usage.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from tipoff_ops.local_state import State
    from tipoff_ops.models import Model

app = typer.Typer(no_args_is_help=True, help=__doc__)
out = Console()
errors = Console(stderr=True)

Folder = Annotated[Path | None, typer.Option("--folder", help="Folder of the running local cloud [.tipoff/local].")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command("ls")
def ls(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the registered models, newest first; `*` is the one in force."""
    from tipoff_ops.models import endpoints, registered

    models = registered(endpoints(_state(folder)))
    if as_json:
        typer.echo(msgspec.json.encode(models))
    else:
        out.print(_table(models))


@app.command("activate")
def activate(
    digest: Annotated[str, typer.Argument(help="sha256 of the model, or its first twelve digits or more.")],
    folder: Folder = None,
    reason: Annotated[str, typer.Option(help="Why, for the registry.")] = "by hand",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which model it would be.")] = False,
) -> None:
    """Put a registered model in force from now on."""
    from tipoff_ops import models

    at = models.endpoints(_state(folder))
    found = [m for m in models.registered(at) if m.artefact_digest.startswith(digest)]
    if len(found) != 1 or len(digest) < models.SHORTEST_DIGEST:
        raise _failed(f"{len(found)} models are registered under {digest!r}; `tipoff model ls` lists them")
    if dry_run:
        typer.echo(f"would put {found[0].model_id} in force, trained to {found[0].training_cutoff_date}")
        return
    try:
        typer.echo(models.activate(at, digest, reason))
    except models.Refused as error:
        raise _failed(str(error)) from error


def _state(folder: Path | None) -> "State":
    from tipoff_ops.local_control import place_of
    from tipoff_ops.local_state import NotUp

    try:
        return place_of(folder).read()
    except NotUp as error:
        raise _failed(str(error)) from error


def _failed(why: str) -> typer.Exit:
    errors.print(why, highlight=False, soft_wrap=True)
    return typer.Exit(1)


def _table(models: "list[Model]") -> Table:
    table = Table("", "digest", "trained to", "rows", "last event", "why", "at")
    for m in models:
        when = f"{m.recorded_at:%Y-%m-%d %H:%M}Z"
        cells = (m.artefact_digest[:12], str(m.training_cutoff_date), str(m.training_rows), m.event)
        table.add_row("*" if m.is_active else "", *cells, m.event_reason or "", when)
    return table
