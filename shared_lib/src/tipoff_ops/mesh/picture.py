"""The mesh as a Mermaid flowchart: what starts what, and which datasets each function writes."""

from collections.abc import Iterable, Iterator, Sequence

from tipoff_local.mesh import Function, Mesh

# Every function publishes alerts and every subscription has a dead-letter topic. Their edges would hide all others.
UNDRAWN = frozenset({"alerts", "nba_ops", "source"})

_SHAPES = {
    "schedule": '(["{}"])',
    "workflow": '{{{{"{}"}}}}',
    "function": '["{}"]',
    "topic": '>"{}"]',
    "bucket": '[("{}")]',
    "dataset": '[("{}")]',
}
_COLOURS = {
    "schedule": "fill:#fff7e0,stroke:#b8860b",
    "workflow": "fill:#efe6fb,stroke:#6b3fa0",
    "function": "fill:#e3f0ff,stroke:#1f5fa8,stroke-width:2px",
    "topic": "fill:#e6f6e6,stroke:#2e7d32",
    "bucket": "fill:#f2f2f2,stroke:#555",
    "dataset": "fill:#fdeaea,stroke:#a33",
}


def picture(page: Mesh) -> str:
    """The mesh as a Mermaid flowchart: what starts what, and which datasets each function writes."""
    ends: dict[tuple[str, str], list[str]] = {}
    for start, arrow, end in _edges(page):
        ends.setdefault((start, arrow), []).append(end)
    edges = [f"  {start} {arrow} {' & '.join(group)}" for (start, arrow), group in ends.items()]
    colours = [f"  classDef {kind} {style}" for kind, style in _COLOURS.items()]
    return "\n".join(["flowchart LR", *_nodes(page), *edges, *colours]) + "\n"


def _nodes(page: Mesh) -> Iterator[str]:
    drawn: dict[str, Iterable[str]] = {
        "schedule": page.schedules,
        "workflow": page.workflows,
        "bucket": page.buckets,
        "topic": _topics(page),
        "function": page.functions,
        "dataset": page.datasets,
    }
    for kind, keys in drawn.items():
        nodes = [f"{_id(kind, key)}{_SHAPES[kind].format(key)}:::{kind}" for key in keys if key not in UNDRAWN]
        yield f"  {' & '.join(nodes)}"


def _topics(page: Mesh) -> list[str]:
    heard = {subscription.topic for subscription in page.subscriptions.values() if subscription.function is not None}
    said = {topic for function in page.functions.values() for topic in function.may.publish}
    return [key for key in page.topics if key in (heard | said) - UNDRAWN]


def _id(kind: str, key: str) -> str:
    return f"{kind}_{key.replace('-', '_')}"


def _edges(page: Mesh) -> Iterator[tuple[str, str, str]]:
    for key, schedule in page.schedules.items():
        started = _id("workflow", schedule.workflow) if schedule.workflow else _id("function", schedule.function or "")
        yield _id("schedule", key), "-->", started
    for key, workflow in page.workflows.items():
        yield from ((_id("workflow", key), "-->", _id("function", called)) for called in workflow.calls)
        yield from ((_id("workflow", key), "-.->", _id("workflow", run)) for run in workflow.runs)
    for key, bucket in page.buckets.items():
        if bucket.notify is not None:
            yield _id("bucket", key), "-- new object -->", _id("topic", bucket.notify)
    for key, dataset in page.datasets.items():
        if dataset.authorised_over is not None:
            yield _id("dataset", dataset.authorised_over), "-- views -->", _id("dataset", key)
    drawn = _topics(page)
    for subscription in page.subscriptions.values():
        if subscription.function is not None and subscription.topic in drawn:
            yield _id("topic", subscription.topic), "==>", _id("function", subscription.function)
    for key, function in page.functions.items():
        yield from _function_edges(_id("function", key), function, drawn)


def _function_edges(start: str, function: Function, drawn: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    may = function.may
    yield from ((start, "==>", _id("topic", topic)) for topic in may.publish if topic in drawn)
    yield from ((start, "-.->", _id("workflow", workflow)) for workflow in may.start_workflows)
    yield from ((start, "---", _id("bucket", bucket)) for bucket in may.write_buckets)
    written = [dataset for dataset in may.write_datasets if dataset not in UNDRAWN]
    yield from ((start, "---", _id("dataset", dataset)) for dataset in written)
