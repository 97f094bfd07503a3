"""`tipoff status`, `tipoff trace` and `tipoff doctor`: how the environment stands, from its tables and services."""

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.clients.workflows import workflows_client
from tipoff.core.expected import Expected
from tipoff.core.game_date import game_date_of
from tipoff.steps.checks import Broken, broken_checks
from tipoff.steps.reconcile import assessed, game_days
from tipoff_ops.local_state import standing
from tipoff_ops.queries import load
from tipoff_ops.target import Target

LOOK_BACK_DAYS = 10
TOOLS = ("gcloud", "bq", "terraform")


class OutputStatus(msgspec.Struct, frozen=True):
    """One output over the last dates: the newest complete one, and how many dates stand otherwise."""

    output: str
    newest_complete: date | None
    newest_due: date | None
    open: int
    failed: int
    cause: str


class StepStatus(msgspec.Struct, frozen=True):
    """The newest run of a step in the last two days."""

    step: str
    outcome: str
    cause: str
    start_date: date | None
    end_date: date | None
    ended_at: datetime
    duration_seconds: float
    failures: int


class Held(msgspec.Struct, frozen=True):
    """Something that waits: entries in quarantine by level and code, or units of a running replay."""

    name: str
    held: int


class SourceStatus(msgspec.Struct, frozen=True):
    """One source: its newest run, its newest success, its host's circuit, and what is left of the paid budget."""

    source: str
    host: str
    last_outcome: str
    last_run_at: datetime
    last_ok_at: datetime | None
    circuit: Literal["closed", "open"]
    open_until: datetime | None
    credits_left: int | None


class Status(msgspec.Struct, frozen=True):
    """How the environment stands; `good` when nothing due is missing, no newest run failed and every check holds."""

    good: bool
    outputs: tuple[OutputStatus, ...]
    steps: tuple[StepStatus, ...]
    held: tuple[Held, ...]
    sources: tuple[SourceStatus, ...]
    checks: tuple[Broken, ...] = ()


def status(warehouse: Warehouse, now: datetime, day: date | None = None) -> Status:
    """How things stand on a date (today) and the ten days before it."""
    last = day or game_date_of(now)
    over = {"start_date": last - timedelta(days=LOOK_BACK_DAYS), "end_date": last}
    rows = assessed(warehouse, over, game_days(warehouse, over), now)
    outputs = tuple(_output(name, rows) for name in dict.fromkeys(row.output for row in rows))
    steps = tuple(warehouse.rows(load("last_runs"), {"since": now - timedelta(days=2)}, StepStatus))
    held = tuple(warehouse.rows(load("held_counts"), {}, Held))
    sources = tuple(warehouse.rows(load("source_health"), {"now": now}, SourceStatus))
    failed = any(row.state in ("LATE", "FAILED") for row in rows) or any(step.outcome == "failed" for step in steps)
    checks = broken_checks(warehouse, over)
    return Status(not (failed or checks), outputs, steps, held, sources, checks)


def _output(name: str, rows: tuple[Expected, ...]) -> OutputStatus:
    mine = [row for row in rows if row.output == name]
    bad = [row for row in mine if row.state in ("LATE", "FAILED", "DEGRADED")]
    return OutputStatus(
        output=name,
        newest_complete=max((row.game_date for row in mine if row.state == "COMPLETE"), default=None),
        newest_due=max((row.game_date for row in mine if row.state not in ("EXPECTED", "EMPTY_OK")), default=None),
        open=sum(row.open for row in mine),
        failed=sum(row.state in ("FAILED", "DEGRADED") for row in mine),
        cause=bad[-1].cause if bad else "",
    )


class Told(msgspec.Struct, frozen=True):
    """One thing that happened to an object, or because of it."""

    told_at: datetime
    kind: str
    what: str
    detail: str


def trace(warehouse: Warehouse, object_name: str) -> list[Told]:
    """What became of an object: receipts, refusals, and the runs that have read its tables since; empty if unknown."""
    return warehouse.rows(load("object_story"), {"source_object": object_name}, Told)


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: `good`, or what is wrong with it. `needed` findings decide the exit code."""

    what: str
    good: bool
    detail: str
    needed: bool = True


def examine(target: Target) -> list[Finding]:
    """Compare an environment with mesh.yaml and the table folders."""
    return [*_tools(), *_servers(target), *_datasets(target), *_buckets(target), *_workflows(target)]


def _tools() -> Iterator[Finding]:
    for tool in TOOLS:
        found = shutil.which(tool)
        yield Finding(f"tool {tool}", found is not None, "found" if found else "not installed; optional", needed=False)


def _servers(target: Target) -> Iterator[Finding]:
    for server in target.state.servers if target.state else ():
        how = standing(server)
        yield Finding(f"server {server.name}", how == "up", how)


def _datasets(target: Target) -> Iterator[Finding]:
    client = bigquery_client(target.settings)
    for key in target.names.datasets:
        wanted = {
            table.name for table in tables.all_tables() if table.dataset == key and table.kind != "table_function"
        }
        found = {entry.table_id for entry in client.list_tables(f"{target.settings.project_id}.{key}")}
        lacking = sorted(wanted - found)
        yield Finding(
            f"dataset {key}", not lacking, f"lacks {', '.join(lacking)}" if lacking else f"{len(wanted)} tables"
        )


def _buckets(target: Target) -> Iterator[Finding]:
    client = storage_client(target.settings)
    for name in target.names.buckets.values():
        there = client.lookup_bucket(name) is not None
        yield Finding(f"bucket {name}", there, "there" if there else "does not exist")


def _workflows(target: Target) -> Iterator[Finding]:
    parent = f"projects/{target.settings.project_id}/locations/{target.settings.region}"
    found = {each.name.rpartition("/")[2] for each in workflows_client(target.settings).list_workflows(parent=parent)}
    for resolved in target.names.workflows.values():
        there = resolved.name in found
        yield Finding(f"workflow {resolved.name}", there, "there" if there else "does not exist")
