"""Runs each query once, and finds its result by name.

local-bigquery stores each result as a table. It then searches for this table four times in a list of all tables and
columns of the catalogue, which takes some 0.2 s for a result of one row. Before that, it asks twice for the columns of
the result. DuckDB is lazy only if a query has no parameters, so a query with parameters runs three times.
"""

from typing import Any

import duckdb
from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.jobs import query

from tipoff_local.bigquery.patches.lookups import REQUIRED_COLUMNS
from tipoff_local.bigquery.patches.module_view import ModuleView

_RESULTS = ("emulator", tables.RESULTS)


def find_results_by_name() -> None:
    """Replace the look-ups of local-bigquery's table catalogue in this process."""
    tables.database = ModuleView(database, objects=_objects, fetch=_fetch)


def run_queries_once() -> None:
    """Replace how local-bigquery writes results in this process."""
    write = query._write

    def write_once(cursor: Any, sql: str, *arguments: Any) -> None:
        write(OnlyColumns(cursor, sql), sql, *arguments)

    query._write = write_once


class OnlyColumns:
    """A connection that answers one query with its columns and no rows, because the caller only reads the columns."""

    def __init__(self, cursor: Any, query_sql: str) -> None:
        self._cursor = cursor
        self._query_sql = query_sql
        self._columns: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def sql(self, text: str, **options: Any) -> Any:
        """Like DuckDB's `sql`, but the one query is planned once and not run."""
        if text != self._query_sql:
            return self._cursor.sql(text, **options)
        if self._columns is None:
            self._columns = self._cursor.sql(f"SELECT * FROM ({text}) LIMIT 0", **options)  # noqa: S608
        return self._columns


def _objects(project: str, dataset: str, table: str | None = None) -> list[tuple[str, str, int]]:
    if table is None or (project, dataset) != _RESULTS:
        return database.objects(project, dataset, table)  # type: ignore[no-any-return]
    try:
        [(row_count,)] = database.fetch(f"SELECT count(*) FROM {database.quote(project, dataset, table)}")  # noqa: S608
    except duckdb.CatalogException:
        return []
    return [(table, "TABLE", row_count)]


def _fetch(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    if params and tuple(params[:2]) == _RESULTS and sql.startswith(REQUIRED_COLUMNS):
        return []  # No column of a result is required.
    return database.fetch(sql, params)  # type: ignore[no-any-return]
