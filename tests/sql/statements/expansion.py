"""What a planner may have to plan for a statement: every reference of a CTE, view or table function counted again.

BigQuery may evaluate a CTE once for each reference, and a view is planned in the place where it is named.
"""

from dataclasses import dataclass
from functools import cache, reduce

import sqlglot
from sqlglot import exp

from tipoff.tables import Table, all_tables

FILES = {"view": "view.sql", "table_function": "function.sql"}


@dataclass(frozen=True)
class Expansion:
    """The size of a statement once nothing in it is a name any more.

    Attributes:
        scans: base tables read; a table read twice counts twice.
        selects: SELECTs planned.
        view_depth: views and table functions on the longest way to a base table.
    """

    scans: int = 0
    selects: int = 0
    view_depth: int = 0

    def __add__(self, other: "Expansion") -> "Expansion":
        depth = max(self.view_depth, other.view_depth)
        return Expansion(self.scans + other.scans, self.selects + other.selects, depth)


def expansion(text: str) -> Expansion:
    """The largest statement of `text`, by scans.

    Raises:
        KeyError: a statement names a table of our datasets that has no folder.
    """
    trees = [tree for tree in sqlglot.parse(text, read="bigquery") if tree is not None]
    return max((_expand(tree, {}) for tree in trees), key=lambda each: (each.scans, each.selects))


def _expand(node: exp.Expr, known: dict[str, Expansion]) -> Expansion:
    """Of a part of a statement, where `known` are the CTEs in sight."""
    defined = node.args.get("with_") or node.args.get("with")
    for cte in defined.expressions if defined is not None else ():
        known = known | {cte.alias: _expand(cte.this, known)}
    own = Expansion(selects=1) if isinstance(node, exp.Select) else Expansion()
    if isinstance(node, exp.Table):
        own = own + _table(node, known)
    parts = (_expand(part, known) for part in node.iter_expressions() if part is not defined)
    return reduce(Expansion.__add__, parts, own)


def _table(node: exp.Table, ctes: dict[str, Expansion]) -> Expansion:
    if not node.db:
        return ctes.get(node.name, Expansion())
    called = node.this.name or node.this.this  # a table function is called: its name is text
    return _of_folder(f"{node.db}.{called}") if node.db.startswith("nba_") else Expansion()


@cache
def _of_folder(full_name: str) -> Expansion:
    table = _folders()[full_name]
    if table.kind not in FILES:
        return Expansion(scans=1)
    inner = expansion(table.sql(FILES[table.kind]))
    return Expansion(inner.scans, inner.selects, inner.view_depth + 1)


@cache
def _folders() -> dict[str, Table]:
    return {table.full_name: table for table in all_tables()}
