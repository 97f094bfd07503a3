"""`tipoff trace`: what happened to one object of the landing bucket."""

from datetime import datetime
from typing import Annotated

import msgspec
import typer

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.cli.options import AsJson, Env, Folder, Project
from tipoff_ops.cli.output import print_rows
from tipoff_ops.operate.target import selected_target
from tipoff_ops.queries import load


class TraceEvent(msgspec.Struct, frozen=True):
    """One event of an object: a receipt, an entry in quarantine, or a run that read its tables."""

    told_at: datetime
    kind: str
    what: str
    detail: str


def trace(
    object_name: Annotated[str, typer.Argument(help="Full name of an object in the landing bucket.")],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Show what happened to an object.

    Lists its receipts, its entries in quarantine, and the later runs that read its tables. Exits with 1 if the object
    is unknown.

    Example: tipoff trace nba-com/schedule/2025-26/20251018T130000Z.json
    """
    with selected_target(folder, project, env) as target:
        found = read_trace(target.warehouse, object_name)
    print_rows(found, as_json, empty=f"no receipt, refusal or run knows an object {object_name}")
    raise typer.Exit(0 if found else 1)


def read_trace(warehouse: Warehouse, object_name: str) -> list[TraceEvent]:
    """The events of an object, oldest first; empty if the object is unknown."""
    return warehouse.rows(load(__file__, "object_trace"), {"source_object": object_name}, TraceEvent)
