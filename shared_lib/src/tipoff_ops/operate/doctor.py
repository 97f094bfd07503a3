"""`tipoff doctor`: an environment compared with mesh.yaml and the table folders."""

import shutil
from collections.abc import Iterator

import msgspec
import typer

from tipoff import tables
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.clients.workflows import workflows_client
from tipoff_ops.cli.options import AsJson, Env, Folder, Project
from tipoff_ops.cli.output import print_rows
from tipoff_ops.local.state import server_status
from tipoff_ops.operate.target import Target, selected_target

TOOLS = ("gcloud", "bq", "terraform")


class Finding(msgspec.Struct, frozen=True):
    """The result of one check. Only `needed` checks decide the exit code."""

    what: str
    good: bool
    detail: str
    needed: bool = True


def doctor(folder: Folder = None, project: Project = "", env: Env = "dev", as_json: AsJson = False) -> None:
    """Compare the environment with its declared resources.

    Checks servers, tables, buckets, workflows and installed tools against mesh.yaml and the table folders.
    """
    with selected_target(folder, project, env) as target:
        found = check_environment(target)
    print_rows(found, as_json)
    raise typer.Exit(0 if all(each.good or not each.needed for each in found) else 1)


def check_environment(target: Target) -> list[Finding]:
    """Run every check against an environment."""
    return [*_tools(), *_servers(target), *_datasets(target), *_buckets(target), *_workflows(target)]


def _tools() -> Iterator[Finding]:
    for tool in TOOLS:
        found = shutil.which(tool)
        yield Finding(f"tool {tool}", found is not None, "found" if found else "not installed; optional", needed=False)


def _servers(target: Target) -> Iterator[Finding]:
    for server in target.state.servers if target.state else ():
        found = server_status(server)
        yield Finding(f"server {server.name}", found == "up", found)


def _datasets(target: Target) -> Iterator[Finding]:
    client = bigquery_client(target.settings)
    for key in target.names.datasets:
        declared = {
            table.name for table in tables.all_tables() if table.dataset == key and table.kind != "table_function"
        }
        found = {entry.table_id for entry in client.list_tables(f"{target.settings.project_id}.{key}")}
        missing = sorted(declared - found)
        detail = f"lacks {', '.join(missing)}" if missing else f"{len(declared)} tables"
        yield Finding(f"dataset {key}", not missing, detail)


def _buckets(target: Target) -> Iterator[Finding]:
    client = storage_client(target.settings)
    for name in target.names.buckets.values():
        yield _existence(f"bucket {name}", client.lookup_bucket(name) is not None)


def _workflows(target: Target) -> Iterator[Finding]:
    parent = f"projects/{target.settings.project_id}/locations/{target.settings.region}"
    found = {each.name.rpartition("/")[2] for each in workflows_client(target.settings).list_workflows(parent=parent)}
    for resolved in target.names.workflows.values():
        yield _existence(f"workflow {resolved.name}", resolved.name in found)


def _existence(what: str, exists: bool) -> Finding:
    return Finding(what, exists, "exists" if exists else "does not exist")
