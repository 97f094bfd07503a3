"""`tipoff model ls` and `tipoff model activate`: the registered models, and the rollback to one of them.

Exit codes: 0 success, 1 the command cannot be done, 2 wrong usage.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Execution
from tipoff_ops.cli.apps import new_app
from tipoff_ops.cli.options import AsJson, DryRun, Env, Folder, Project
from tipoff_ops.cli.output import fail, folding_table, out, print_json
from tipoff_ops.operate.target import Target, selected_target
from tipoff_ops.queries import load

DIGEST_DIGITS_MIN = 12
RUNNING = ("ACTIVE", "QUEUED", "STATE_UNSPECIFIED")
POLL_S = 0.2

app = new_app("List the registered models, and activate one of them.")


class Model(msgspec.Struct, frozen=True):
    """One registered model and its present state; `metrics_json` holds the results of its comparison before release."""

    model_id: str
    artefact_digest: str
    is_active: bool
    event: str
    event_reason: str | None
    recorded_at: datetime
    registered_at: datetime
    training_start_date: date
    training_cutoff_date: date
    training_rows: int
    library_versions: str
    metrics_json: str


@app.command("ls")
def ls(folder: Folder = None, project: Project = "", env: Env = "dev", as_json: AsJson = False) -> None:
    """List the registered models, newest first; `*` marks the active one.

    Example: tipoff model ls
    """
    with selected_target(folder, project, env) as target:
        models = registered_models(target.warehouse)
    if as_json:
        print_json(models)
    elif models:
        out.print(_table(models))
    else:
        out.print("no model is registered; the workflow `train` registers one")


@app.command("activate")
def activate(
    digest: Annotated[str, typer.Argument(help="sha256 of the model, or at least its first twelve digits.")],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    reason: Annotated[str, typer.Option(help="Reason, stored in the registry.")] = "by hand",
    dry_run: DryRun = False,
) -> None:
    """Activate a registered model for all predictions from now on.

    Example: tipoff model activate 0123456789ab --reason "the newer one is worse"
    """
    with selected_target(folder, project, env, functions=not dry_run) as target:
        found = [m for m in registered_models(target.warehouse) if m.artefact_digest.startswith(digest)]
        if len(found) != 1 or len(digest) < DIGEST_DIGITS_MIN:
            fail(f"{len(found)} models are registered under {digest!r}; `tipoff model ls` lists them")
        if dry_run:
            typer.echo(f"would activate {found[0].model_id}, trained to {found[0].training_cutoff_date}")
            return
        execution = run_activation(target, digest, reason)
    if execution.state != "SUCCEEDED":
        fail(f"{execution.state}: {execution.error}")
    typer.echo(execution.result)


def registered_models(warehouse: Warehouse) -> list[Model]:
    """All registered models, newest first."""
    return warehouse.rows(load(__file__, "registered_models"), {}, Model)


def run_activation(target: Target, digest: str, reason: str) -> Execution:
    """Run the workflow `train` with a digest, which activates that model and trains nothing; the ended execution.

    The execution fails if no such model exists, or if the installed libraries cannot load it.
    """
    workflows = target.workflows
    execution = workflows.start(target.names.workflows["train"].name, {"digest": digest, "reason": reason})
    while execution.state in RUNNING:
        time.sleep(POLL_S)
        execution = workflows.get(execution.name)
    return execution


def _table(models: Sequence[Model]) -> Table:
    table = folding_table("", "digest", "trained to", "rows", "last event", "why", "at")
    for m in models:
        recorded_at = f"{m.recorded_at:%Y-%m-%d %H:%M}Z"
        cells = (m.artefact_digest[:12], str(m.training_cutoff_date), str(m.training_rows), m.event)
        table.add_row("*" if m.is_active else "", *cells, m.event_reason or "", recorded_at)
    return table
