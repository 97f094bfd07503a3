"""Appends of the local warehouse without asking its catalogue for the same table five times each.

local-bigquery looks a table's shape up anew on every append (all tables and columns of the catalogue, some 50 ms with
ours, whatever the rows). Here the answer is kept for a moment, inside the append path alone; the insert itself still
reads the table as it is, so that a column dropped meanwhile is refused and no row is lost or misplaced.
"""

import time
from collections.abc import Callable
from threading import local
from typing import Any

from local_bigquery.catalog import tabledata, tables
from local_bigquery.grpc import write

SHAPE_KEPT_S = 5.0

type Lookup = Callable[[str, str, str], Any]


class _Kept:
    """A lookup by (project, dataset, table) whose answers are kept for SHAPE_KEPT_S."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._answers: dict[tuple[str, str, str], tuple[float, Any]] = {}

    def __call__(self, project: str, dataset: str, table: str) -> Any:
        now = time.monotonic()
        at, answer = self._answers.get((project, dataset, table), (float("-inf"), None))
        if now - at > SHAPE_KEPT_S:
            answer = self._lookup(project, dataset, table)
            self._answers[project, dataset, table] = now, answer
        return answer


class _AppendPath(local):
    inside = False


class _Tables:
    """The catalogue's module `tables` as the append path sees it."""

    def __init__(self, columns: Lookup) -> None:
        self.columns = columns

    def __getattr__(self, name: str) -> Any:
        return getattr(tables, name)


def remember_shapes() -> None:
    """Change local-bigquery's append path in this process; everything else of it goes on asking."""
    path, load, columns, insert = _AppendPath(), _Kept(tables.load), _Kept(tables.columns), write._insert

    def insert_remembering(*arguments: Any) -> Any:
        path.inside = True
        try:
            return insert(*arguments)
        finally:
            path.inside = False

    def either(kept: Lookup, fresh: Lookup) -> Lookup:
        return lambda *where: kept(*where) if path.inside else fresh(*where)

    write.tables = _Tables(columns)
    write._insert = insert_remembering
    tabledata.load = either(load, tables.load)
    tabledata.columns = either(columns, tables.columns)
