"""The tables as a page for people: their lineage as a picture, and each table's grain, key and columns.

`python -m tipoff_ops.tables_page` rewrites docs/tables.md; a test holds the page equal to what this module draws.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tipoff import tables
from tipoff.tables import Column, Table

PAGE = Path("docs/tables.md")
# In the order of the way of the data.
DATASETS = ("nba_landing", "nba_raw", "nba_analytics", "nba_precompute", "nba_predictions", "nba_ops")
# Landing tables and their views are one box in the picture: they have one name.
DRAWN = ("nba_raw", "nba_analytics", "nba_precompute", "nba_predictions")
_SUFFIXES = ("_history", "_asof", "_log")

_HEAD = """\
# The tables

Written by `python -m tipoff_ops.tables_page` from the table folders (`shared_lib/src/tipoff/tables`); change those,
not this. Units stand in the descriptions: `_pts` points, `_pct` percentages, minutes are minutes played, dates are
Eastern game dates, instants are UTC.

A landing table is append-only and read by nobody but the views of `nba_raw`: of each there is the newest by document
(`T`), every state with the instants between which it was known (`T_history`), and the state at an instant
(`T_asof`). A derived table is a function of its inputs, a range of dates, an as-of and a lead.

## Lineage

What is derived, and from what; a raw source stands for its three views.
"""


def document(folders: Sequence[Table]) -> str:
    """The whole of docs/tables.md."""
    parts = [_HEAD, f"```mermaid\n{lineage(folders)}```\n"]
    for dataset in DATASETS:
        parts.append(f"## {dataset}\n")
        parts.extend(_section(table, _told_before(table, folders)) for table in folders if table.dataset == dataset)
    return "\n".join(parts)


def lineage(folders: Sequence[Table]) -> str:
    """A Mermaid flowchart from the raw sources to what is served."""
    by_name = {table.full_name: table for table in folders}
    edges: dict[tuple[str, str], None] = {}
    for table in folders:
        if table.dataset in DRAWN[1:]:
            for name in table.spec.inputs:
                source = by_name[name]
                if source.dataset in DRAWN and _box(source) != _box(table):
                    edges[_box(source), _box(table)] = None
    lines = ["flowchart LR", *_groups(folders, {box for edge in edges for box in edge})]
    return "\n".join([*lines, *(f"  {start} --> {end}" for start, end in edges)]) + "\n"


def _groups(folders: Sequence[Table], drawn: set[str]) -> Iterator[str]:
    for dataset in DRAWN:
        yield f"  subgraph {dataset}"
        boxes = dict.fromkeys(_box(table) for table in folders if table.dataset == dataset)
        yield from (f'    {box}["{box.split("__", 1)[1]}"]' for box in boxes if box in drawn)
        yield "  end"


def _box(table: Table) -> str:
    name = table.name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return f"{table.dataset}__{name}"


def _told_before(table: Table, folders: Sequence[Table]) -> Table | None:
    """The table of which this one is a view, where both have the same columns but for a few."""
    if table.kind not in ("view", "table_function"):
        return None
    names = [table.name, *(table.name.removesuffix(suffix) for suffix in _SUFFIXES), f"{table.name}_log"]
    like = [other for other in folders if other.kind in ("landing", "log", "derived") and other.name in names]
    return like[0] if like else None


def _section(table: Table, told: Table | None) -> str:
    spec = table.spec
    facts = [
        ("kind", spec.kind.replace("_", " ")),
        ("arguments", ", ".join(f"{given.name} {given.type}" for given in spec.arguments)),
        ("key", ", ".join(spec.key)),
        ("partition", spec.partition or ""),
        ("cluster", ", ".join(spec.cluster)),
        ("written by", spec.owner),
        ("fresh", spec.freshness),
        ("reads", ", ".join(f"`{name}`" for name in spec.inputs)),
    ]
    lines = [f"### {table.name}\n", f"{spec.description.strip()} {spec.grain.strip()}\n"]
    lines.extend(f"- {name}: {text}" for name, text in facts if text)
    if told is not None:
        lines.append(f"- columns: of those of `{told.full_name}`, the same; others below")
    known = {column.name for column in told.columns} if told is not None else set()
    columns = list(_columns([column for column in table.columns if column.name not in known], ""))
    if columns:
        lines += ["", "| column | type | meaning |", "|---|---|---|", *columns]
    return "\n".join(lines) + "\n"


def _columns(columns: Sequence[Column], path: str) -> Iterator[str]:
    for column in columns:
        type_name = f"ARRAY<{column.type}>" if column.mode == "REPEATED" else column.type
        meaning = column.description.replace("|", "\\|").replace("\n", " ")
        yield f"| {path}{column.name} | {type_name}{', required' if column.mode == 'REQUIRED' else ''} | {meaning} |"
        yield from _columns(column.fields, f"{path}{column.name}.")


def main() -> None:
    """Rewrite docs/tables.md of the repository that is the working directory (or the first argument)."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    (root / PAGE).write_text(document(tables.all_tables()), "utf-8")


if __name__ == "__main__":
    main()
