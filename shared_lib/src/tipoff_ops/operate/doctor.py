"""`tipoff doctor`: an environment compared with mesh.yaml and the table folders."""

import shutil
import sys
from collections.abc import Iterator

import msgspec
import typer

from tipoff import tables
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.clients.workflows import workflows_client
from tipoff_ops.cli.options import AsJson, Env, Folder, Project
from tipoff_ops.cli.output import as_typed, out, print_json
from tipoff_ops.local.state import server_status
from tipoff_ops.operate.target import Target, selected_target

PYTHON = (3, 13)
# What a tool is for, and how to get it.
TOOLS = {
    "terraform": "needed by `make test`: https://developer.hashicorp.com/terraform/install",
    "gcloud": "optional; needed for a project: https://cloud.google.com/sdk/docs/install",
    "bq": "optional; a part of the Google Cloud SDK",
}
NOTHING = "nothing to do"
RESTART = "`tipoff local down`, then `tipoff local up --detach`"
APPLY = "`terraform apply` in terraform/environments makes it"


class Finding(msgspec.Struct, frozen=True):
    """The result of one check, and what to do about it. Only `needed` checks decide the exit code."""

    what: str
    good: bool
    detail: str
    todo: str = NOTHING
    needed: bool = True


def doctor(folder: Folder = None, project: Project = "", env: Env = "dev", as_json: AsJson = False) -> None:
    """Compare the environment with its declared resources.

    Checks the versions and tools of this machine, and servers, tables, buckets and workflows against mesh.yaml and the
    table folders. Each line ends with what to do.

    Example: tipoff doctor
    """
    with selected_target(folder, project, env) as target:
        found = [*check_machine(), *check_environment(target)]
    if as_json:
        print_json(found)
    else:
        for each in found:
            out.print(_line(each), soft_wrap=True)
    raise typer.Exit(0 if all(each.good or not each.needed for each in found) else 1)


def _line(found: Finding) -> str:
    mark = "ok" if found.good else "MISSING" if found.needed else "missing"
    return as_typed(f"{mark:8s}{found.what}: {found.detail}; {found.todo}")


def check_machine() -> list[Finding]:
    """Check the versions and the tools of this machine."""
    right = sys.version_info[:2] == PYTHON
    wanted = ".".join(map(str, PYTHON))
    todo = NOTHING if right else f"run `make setup` with Python {wanted}"
    return [Finding("python", right, sys.version.split()[0], todo), *map(_tool, TOOLS)]


def _tool(name: str) -> Finding:
    path = shutil.which(name)
    return Finding(f"tool {name}", path is not None, path or "not installed", NOTHING if path else TOOLS[name], False)


def check_environment(target: Target) -> list[Finding]:
    """Run every check against an environment. Of a stopped local cloud, only its tables can be checked."""
    tables_of = list(_datasets(target))
    if target.state is None and target.settings.bigquery_emulator_host is not None:
        stopped = Finding("servers", True, "stopped; their data are there", "`tipoff local up --detach` starts them")
        return [stopped, *tables_of]
    return [*_servers(target), *tables_of, *_buckets(target), *_workflows(target)]


def _servers(target: Target) -> Iterator[Finding]:
    for server in target.state.servers if target.state else ():
        found = server_status(server)
        yield Finding(f"server {server.name}", found == "up", found, NOTHING if found == "up" else RESTART)


def _datasets(target: Target) -> Iterator[Finding]:
    client = bigquery_client(target.settings)
    for key in target.names.datasets:
        declared = {
            table.name for table in tables.all_tables() if table.dataset == key and table.kind != "table_function"
        }
        found = {entry.table_id for entry in client.list_tables(f"{target.settings.project_id}.{key}")}
        missing = sorted(declared - found)
        detail = f"lacks {', '.join(missing)}" if missing else f"{len(declared)} tables"
        yield Finding(f"dataset {key}", not missing, detail, _repair(target) if missing else NOTHING)


def _buckets(target: Target) -> Iterator[Finding]:
    client = storage_client(target.settings)
    for name in target.names.buckets.values():
        yield _existence(target, f"bucket {name}", client.lookup_bucket(name) is not None)


def _workflows(target: Target) -> Iterator[Finding]:
    parent = f"projects/{target.settings.project_id}/locations/{target.settings.region}"
    found = {each.name.rpartition("/")[2] for each in workflows_client(target.settings).list_workflows(parent=parent)}
    for resolved in target.names.workflows.values():
        yield _existence(target, f"workflow {resolved.name}", resolved.name in found)


def _existence(target: Target, what: str, exists: bool) -> Finding:
    return Finding(what, exists, "exists" if exists else "does not exist", NOTHING if exists else _repair(target))


def _repair(target: Target) -> str:
    return RESTART if target.settings.bigquery_emulator_host is not None else APPLY
