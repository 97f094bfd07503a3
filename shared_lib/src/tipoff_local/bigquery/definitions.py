"""The texts of the views, routines and row access policies in the catalogue."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from local_bigquery.engine import database

_VIEWS = "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal"
_RESOURCES = """SELECT 'routine', dataset_id, routine_id, resource FROM emulator.routines
    UNION ALL SELECT 'policy', dataset_id, table_id, resource FROM emulator.row_access_policies"""


class Definition(NamedTuple):
    """A definition: `kind` is view, routine or policy; `name` is that of the view, the routine or the guarded table.

    `text` is SQL, of GoogleSQL or of DuckDB.
    """

    kind: str
    dataset: str
    name: str
    text: str


def definitions() -> list[Definition]:
    """Every definition. The caller caches them, because DuckDB takes 40 ms to list its views."""
    views = [Definition("view", *row) for row in database.fetch(_VIEWS)]
    return views + [
        Definition(kind, dataset, name, "\n".join(texts(msgspec.json.decode(resource))))
        for kind, dataset, name, resource in database.fetch(_RESOURCES)
    ]


def texts(tree: Any) -> Iterator[str]:
    """Every string of a JSON value."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from texts(part)
