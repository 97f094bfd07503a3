"""Reads terraform/mesh.yaml strictly."""

from collections.abc import Iterator
from pathlib import Path

import msgspec


class MeshError(Exception):
    """mesh.yaml is malformed, or refers to something that it does not declare."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    description: str = ""


class Topic(_Part, frozen=True):
    """A topic. A `dead_letter` topic receives the messages that a subscription could not deliver."""

    dead_letter: bool = False


class Subscription(_Part, frozen=True):
    """Pushes a topic to a function, or (`hold`) keeps its messages until a person pulls them."""

    topic: str
    function: str | None = None
    path: str = ""
    dead_letter: str | None = None
    attempts: int = 5
    ack_deadline_s: int = 60
    min_backoff_s: int = 10
    max_backoff_s: int = 600
    hold: bool = False


class Bucket(_Part, frozen=True):
    """A bucket; `notify` names the topic that gets a message for each finalized object."""

    notify: str | None = None
    versioning: bool = True
    write_once: bool = False


class Registry(_Part, frozen=True):
    """A repository of container images; an image older than `delete_after_days` goes, but not the newest ones."""

    keep_versions: int
    delete_after_days: int


class Dataset(_Part, frozen=True):
    """A dataset; `authorised_over` names the dataset that its views may read for their callers."""

    authorised_over: str | None = None


class Grants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a function may use: resources by key, and read sessions. It defines its roles and its environment."""

    read_buckets: tuple[str, ...] = ()
    write_buckets: tuple[str, ...] = ()
    read_datasets: tuple[str, ...] = ()
    write_datasets: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    start_workflows: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    read_sessions: bool = False


class Function(_Part, frozen=True):
    """A function; memory in Kubernetes notation (`512Mi`, `1Gi`), timeout in seconds."""

    service: str
    ingress: str
    memory: str = "512Mi"
    cpu: int = 1
    timeout_s: int = 60
    concurrency: int = 1
    min_instances: int = 0
    max_instances: int = 1
    may: Grants = Grants()


class Workflow(_Part, frozen=True):
    """A workflow: the functions that it calls, the workflows that it runs, the topics that it publishes to."""

    file: str
    calls: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()


class Schedule(_Part, frozen=True):
    """A cron line (in the mesh's time zone) that starts a workflow, or calls a function, with `argument`.

    Attributes:
        path: of the call of the function.
        windows: local times `HH:MM-HH:MM`. The cron line must fire in each of them, on each of `days`.
        days: `mon` to `sun`; all if empty.
    """

    cron: str
    workflow: str | None = None
    function: str | None = None
    path: str = ""
    windows: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    argument: dict[str, object] = {}


class Mesh(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of mesh.yaml, by key."""

    region: str
    time_zone: str
    services: tuple[str, ...] = ()
    topics: dict[str, Topic]
    subscriptions: dict[str, Subscription]
    buckets: dict[str, Bucket]
    registries: dict[str, Registry] = {}
    datasets: dict[str, Dataset]
    functions: dict[str, Function]
    workflows: dict[str, Workflow]
    schedules: dict[str, Schedule]
    secrets: dict[str, _Part] = {}
    log_metrics: dict[str, object] = {}
    alerts: dict[str, object] = {}
    budget: dict[str, object] = {}


def load(path: Path) -> Mesh:
    """Read a file.

    Raises:
        MeshError: names the first wrong field, or every key that is not declared.
    """
    try:
        mesh = msgspec.yaml.decode(path.read_bytes(), type=Mesh)
    except (OSError, msgspec.DecodeError) as error:
        raise MeshError(f"{path.name}: {error}") from error
    dangling = sorted(_dangling(mesh))
    if dangling:
        raise MeshError(f"{path.name}: " + "; ".join(dangling))
    return mesh


def _dangling(mesh: Mesh) -> Iterator[str]:
    for where, kind, key in _references(mesh):
        if key not in getattr(mesh, kind):
            yield f"{where} refers to {key!r}, which is not declared under {kind}"
    pulled = {subscription.topic for subscription in mesh.subscriptions.values()}
    for key, subscription in mesh.subscriptions.items():
        if (subscription.function is None) != subscription.hold:
            yield f"subscription {key} must have either a function or hold"
        if subscription.dead_letter is not None and subscription.dead_letter not in pulled:
            yield f"subscription {key}: {subscription.dead_letter!r} has no subscription, so its messages would be lost"


def _references(mesh: Mesh) -> Iterator[tuple[str, str, str]]:
    for key, subscription in mesh.subscriptions.items():
        where = f"subscription {key}"
        yield from _each(where, "topics", subscription.topic, subscription.dead_letter)
        yield from _each(where, "functions", subscription.function)
    for key, bucket in mesh.buckets.items():
        yield from _each(f"bucket {key}", "topics", bucket.notify)
    for key, function in mesh.functions.items():
        yield from _grant_references(f"function {key}", function.may)
    for key, workflow in mesh.workflows.items():
        yield from _each(f"workflow {key}", "functions", *workflow.calls)
        yield from _each(f"workflow {key}", "workflows", *workflow.runs)
        yield from _each(f"workflow {key}", "topics", *workflow.publish)
    for key, schedule in mesh.schedules.items():
        yield from _each(f"schedule {key}", "workflows", schedule.workflow)
        yield from _each(f"schedule {key}", "functions", schedule.function)


def _grant_references(where: str, may: Grants) -> Iterator[tuple[str, str, str]]:
    yield from _each(where, "buckets", *may.read_buckets, *may.write_buckets)
    yield from _each(where, "datasets", *may.read_datasets, *may.write_datasets)
    yield from _each(where, "topics", *may.publish)
    yield from _each(where, "workflows", *may.start_workflows)
    yield from _each(where, "secrets", *may.secrets)


def _each(where: str, kind: str, *keys: str | None) -> Iterator[tuple[str, str, str]]:
    return ((where, kind, key) for key in keys if key is not None)
