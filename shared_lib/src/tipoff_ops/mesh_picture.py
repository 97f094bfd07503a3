"""The mesh as a page for people: a picture, and a table of each kind, drawn from mesh.yaml and the table folders.

`python -m tipoff_ops.mesh_picture` rewrites docs/mesh.md and the picture in the README; a test holds both equal to
what this module draws.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tipoff.tables import Table, all_tables
from tipoff_local import mesh
from tipoff_local.mesh import Function, Mesh

PAGE = Path("docs/mesh.md")
README = Path("README.md")
MESH = Path("terraform/mesh.yaml")
# Every function publishes alerts and every subscription has its dead letter: drawn, they would hide the rest.
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
        yield _id("schedule", key), "-->", _id("workflow", schedule.workflow)
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


def text(page: Mesh) -> str:
    """The mesh as a tree for a terminal: each function with what starts it, what it reads and what it leaves."""
    blocks = [_text_block(page, key, function) for key, function in page.functions.items()]
    schedules = [f"{s.cron:<40} -> workflow {s.workflow}" for s in page.schedules.values()]
    workflows = [
        f"{key:<12} -> {', '.join(workflow.calls)}" + (f" | runs {', '.join(workflow.runs)}" if workflow.runs else "")
        for key, workflow in page.workflows.items()
    ]
    return (
        "\n".join(["schedules", *_indented(schedules), "workflows", *_indented(workflows), "functions", *blocks]) + "\n"
    )


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _text_block(page: Mesh, key: str, function: Function) -> str:
    may = function.may
    rows = {
        "started by": starters(page, key),
        "reads": [*may.read_buckets, *may.read_datasets],
        "writes": [*may.write_buckets, *may.write_datasets],
        "publishes": may.publish,
        "starts": may.start_workflows,
    }
    shown = [f"      {title:<11}{', '.join(names)}" for title, names in rows.items() if names]
    return "\n".join([f"  [{key}] {function.service} ({function.ingress})", *shown])


def starters(page: Mesh, function: str) -> list[str]:
    """What starts a function: topics by their subscription, workflows, and people where ingress is `all`."""
    pushed = [f"topic {s.topic}" for s in page.subscriptions.values() if s.function == function]
    called = [f"workflow {key}" for key, workflow in page.workflows.items() if function in workflow.calls]
    return pushed + called + (["people"] if page.functions[function].ingress == "all" else [])


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') or '-' for cell in row)} |" for row in lines) + "\n"


def _functions(page: Mesh) -> str:
    def row(key: str, function: Function) -> list[str]:
        may = function.may
        reads, writes = (*may.read_buckets, *may.read_datasets), (*may.write_buckets, *may.write_datasets)
        sends = (*may.publish, *(f"workflow {workflow}" for workflow in may.start_workflows))
        lists = [", ".join(names) for names in (starters(page, key), reads, writes, sends)]
        size = f"{function.memory}, {function.timeout_s} s, {function.concurrency} x {function.max_instances}"
        return [f"**{key}**", f"`{function.service}`", *lists, size]

    titles = ["function", "service", "started by", "reads", "reads and writes", "publishes, starts"]
    titles.append("memory, timeout, concurrency x instances")
    return _table(titles, (row(key, function) for key, function in page.functions.items()))


def _subscriptions(page: Mesh) -> str:
    rows = [
        [key, s.topic, s.function or "held for a person", s.dead_letter or "", f"{s.attempts}" if s.function else "",
         f"{s.ack_deadline_s} s" if s.function else ""]
        for key, s in page.subscriptions.items()
    ]  # fmt: skip
    return _table(["subscription", "topic", "pushes to", "dead letter", "attempts", "deadline"], rows)


def _schedules(page: Mesh) -> str:
    rows = [[key, s.workflow, f"`{s.cron}`", ", ".join(s.windows), s.description] for key, s in page.schedules.items()]
    return _table(["schedule", "workflow", f"cron ({page.time_zone})", "windows", "why"], rows)


def _tables(tables: Iterable[Table]) -> str:
    rows = [[f"`{t.full_name}`", t.kind.replace("_", " "), t.spec.owner, t.spec.grain] for t in tables]
    return _table(["table", "kind", "owner", "one row is"], rows)


_FENCE = "```mermaid\n"
_LEGEND = """\
Drawn by `python -m tipoff_ops.mesh_picture` from terraform/mesh.yaml and the table folders; change those, not this.

Thick arrows are messages, thin ones calls, dotted ones start a workflow; a plain line joins a function to what it
writes. Left out: `nba_ops` and the topic `alerts`, which every function writes, and the way to `dead-letters`, which
every subscription has.
"""


def document(page: Mesh, tables: Sequence[Table]) -> str:
    """The whole of docs/mesh.md."""
    parts = [
        "# The mesh\n",
        _LEGEND,
        f"{_FENCE}{picture(page)}```\n",
        "## Functions\n", _functions(page),
        "## Schedules\n", _schedules(page),
        "## Subscriptions\n", _subscriptions(page),
        f"## Tables ({len(tables)})\n", _tables(tables),
    ]  # fmt: skip
    return "\n".join(parts)


def redrawn(readme: str, page: Mesh) -> str:
    """The README with its one Mermaid picture drawn anew.

    Raises ValueError where it has none, or more than one."""
    before, opening, rest = readme.partition(_FENCE)
    _, closing, after = rest.partition("```\n")
    if not closing or _FENCE in after:
        raise ValueError("README.md must hold exactly one ```mermaid block: the picture of the mesh")
    return f"{before}{opening}{picture(page)}{closing}{after}"


def main() -> None:
    """Rewrite docs/mesh.md and the README's picture in the working directory (or the first argument)."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    page = mesh.load(root / MESH)
    (root / PAGE).write_text(document(page, all_tables()), "utf-8")
    (root / README).write_text(redrawn((root / README).read_text("utf-8"), page), "utf-8")


if __name__ == "__main__":
    main()
