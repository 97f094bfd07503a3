"""What BigQuery would bill for a statement: the tables that it references after all views are expanded.

https://cloud.google.com/bigquery/pricing#on_demand_pricing: a query is billed by the bytes that it processes, at least
10 MB for each table that it references, rounded up to a MB. How the bytes of a statement are counted:
https://cloud.google.com/bigquery/docs/estimate-costs#query_size_calculation. A statement that fails is not billed.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from local_bigquery.catalog import routines, tables
from local_bigquery.engine import database
from local_bigquery.models import TableFieldSchema
from local_bigquery.sql.translate import Context, parse, translate
from sqlglot import exp

from tipoff_local.bigquery.catalogue import CatalogueCache
from tipoff_local.bigquery.scans import Bound, Columns, Reference, Scan, Scanner, name_of

MIB = 2**20
BYTES_MIN = 10 * MIB
ROWS_KEPT_S = 5.0
# https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes. A string has two bytes more
# than its text; the length of the text and the number of elements of an array are assumptions.
_STRING_BYTES, _ARRAY_ELEMENTS = 2 + 24, 3
_BYTES = {"INTEGER": 8, "FLOAT": 8, "TIMESTAMP": 8, "DATE": 8, "DATETIME": 8, "NUMERIC": 16, "BOOLEAN": 1}


@dataclass
class Bill:
    """What the statements of a job have cost so far. `references` are billed tables, `billed` and `processed` bytes."""

    statements: int = 0
    references: int = 0
    billed: int = 0
    processed: int = 0
    lock: Lock = field(default_factory=Lock)

    def add(self, table_bytes: Iterable[int]) -> "Bill":
        """Add a statement that reads tables of these bytes; returns its own bill."""
        found = list(table_bytes)
        one = Bill(1, len(found), sum(map(billed_bytes, found)), sum(found))
        with self.lock:
            self.statements += 1
            self.references += one.references
            self.billed += one.billed
            self.processed += one.processed
        return one


def billed_bytes(processed: int) -> int:
    """The bytes that are billed for a table of which `processed` bytes are read: whole MiB, at least ten."""
    return max(BYTES_MIN, -(-processed // MIB) * MIB)


class Billing:
    """Says what a statement reads, by the present catalogue and the present number of rows."""

    def __init__(self, cache: CatalogueCache) -> None:
        self._cache = cache
        self._rows = _RowCounts()
        self._tables = cache.cached(_StoredTable.load)
        self._definitions = cache.cached(_definition)

    def table_bytes(self, tree: exp.Expr, context: Context, text: str | None = None) -> dict[Reference, int]:
        """Bytes of each table that a statement reads. `text` is that of the whole statement, by which it is cached.

        A table that is read several times counts once: all columns that are used, in all partitions that are read.
        Columns and partitions are only looked for if the whole of a table is more than the billed minimum.
        """
        project = context.project_id
        names = self._cached(("tables", project, text), text, lambda: frozenset(self._base_tables(tree, project)))
        found = {name: self._rows.of(name) * self._tables(*name).row_bytes([None]) for name in names}
        if all(whole <= BYTES_MIN for whole in found.values()):
            return found
        scans = self._cached(("scans", project, text), text, lambda: self._scans(tree, project))
        return {name: self._bytes(name, scans[name], context) for name in found}

    def _cached[T](self, key: object, text: str | None, compute: Callable[[], T]) -> T:
        found: T = self._cache.get(key, compute) if text else compute()
        return found

    def _base_tables(self, tree: exp.Expr, project: str) -> Iterator[Reference]:
        """The stored tables that a statement reads after views are expanded."""
        read = tree.expression if isinstance(tree, exp.Insert) else tree
        for table in read.find_all(exp.Table) if isinstance(read, exp.Expr) else ():
            if table.db:
                yield from self._expanded((table.catalog or project, table.db, name_of(table)))

    def _expanded(self, name: Reference) -> frozenset[Reference]:
        definition: _Definition | None = self._definitions(*name)
        if definition is None:
            return frozenset({name} if self._tables(*name) else ())
        query = definition.query
        found: frozenset[Reference] = self._cache.get(
            ("tables of view", name), lambda: frozenset(self._base_tables(query, name[0]))
        )
        return found

    def _scans(self, tree: exp.Expr, project: str) -> dict[Reference, list[Scan]]:
        found: dict[Reference, list[Scan]] = defaultdict(list)
        for scan in Scanner(project, self._definition).statement(tree):
            found[scan.table].append(scan)
        return found

    def _definition(self, source: exp.Table, name: Reference) -> exp.Expr | None:
        definition: _Definition | None = self._definitions(*name)
        return definition.called(source) if definition else None

    def _bytes(self, name: Reference, scans: Sequence[Scan], context: Context) -> int:
        table: _StoredTable = self._tables(*name)
        row_bytes = table.row_bytes([scan.columns for scan in scans])
        whole = self._rows.of(name) * row_bytes
        if whole <= BYTES_MIN or table.partition is None:
            return whole
        bounds = [scan.bounds.get(table.partition, ()) for scan in scans]
        if not all(bounds):
            return whole
        return min(whole, _rows_within(name, table.partition, bounds, context) * row_bytes)


@dataclass(frozen=True)
class _StoredTable:
    """A base table: the bytes of each column of a row, and the partitioning column."""

    bytes_of: Mapping[str, int]
    partition: str | None

    @classmethod
    def load(cls, *name: str) -> "_StoredTable | None":
        if not tables.exists(*name):
            return None
        partitioned = tables.load(*name).timePartitioning
        columns = {column.name.lower(): _field_bytes(column) for column in tables.columns(*name)}
        return cls(columns, partitioned.field.lower() if partitioned and partitioned.field else None)

    def row_bytes(self, used: Iterable[Columns]) -> int:
        """Bytes of the columns that any of the scans uses."""
        names: set[str] = set()
        for columns in used:
            names |= self.bytes_of.keys() if columns is None else columns
        return sum(size for name, size in self.bytes_of.items() if name in names)


def _rows_within(name: Reference, column: str, scans: Sequence[tuple[Bound, ...]], context: Context) -> int:
    """Rows of the partitions that any of the scans reads; each scan reads what lies within all its bounds."""
    value = exp.column(column)
    read = exp.or_(*(exp.and_(*(_within(value, bound) for bound in bounds)) for bounds in scans))
    project, dataset, table = name
    counted = exp.select(exp.Count(this=exp.Star())).from_(exp.table_(table, dataset, project)).where(read)
    sql, bound_values = translate(counted, context)
    with database.cursor() as cursor:
        row = cursor.execute(sql, bound_values).fetchone()
    return int(row[0]) if row else 0


def _within(column: exp.Expr, bound: Bound) -> exp.Expr:
    parts: list[exp.Expr] = [exp.GTE(this=column.copy(), expression=bound.low.copy())] if bound.low else []
    parts += [exp.LTE(this=column.copy(), expression=bound.high.copy())] if bound.high else []
    return exp.and_(*parts) if parts else exp.true()


@dataclass(frozen=True)
class _Definition:
    """The query of a view, or of a table function with its parameters."""

    query: exp.Expr
    parameters: tuple[str, ...] = ()

    def called(self, source: exp.Table) -> exp.Expr:
        """The query, with the arguments of the call in the place of the parameters."""
        if not self.parameters:
            return self.query
        values = dict(zip(self.parameters, source.this.expressions, strict=False))

        def replaced(node: exp.Expr) -> exp.Expr:
            is_parameter = isinstance(node, exp.Column) and not node.table and node.name in values
            return values[node.name].copy() if is_parameter else node

        return self.query.copy().transform(replaced)


def _definition(*name: str) -> _Definition | None:
    """What defines a view or a table function; None for anything else."""
    routine = routines.load(*name)
    if routine is not None and routine.definitionBody:
        names = tuple(argument.name or "" for argument in routine.arguments or ())
        return _Definition(_query(routine.definitionBody), names)
    view = tables.load(*name).view if tables.exists(*name) else None
    return _Definition(_query(view.query)) if view and view.query else None


def _query(text: str) -> exp.Expr:
    query: exp.Expr
    [query] = parse(text)
    return query.unnest() if isinstance(query, exp.Subquery) else query


def _field_bytes(column: TableFieldSchema) -> int:
    if column.type == "RECORD":
        one = sum(map(_field_bytes, column.fields or []))
    else:
        one = _BYTES.get(column.type, _STRING_BYTES)
    return one * _ARRAY_ELEMENTS if column.mode == "REPEATED" else one


class _RowCounts:
    """The number of rows of all tables, read from DuckLake's catalogue at most once in `ROWS_KEPT_S`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rows: dict[Reference, int] = {}
        self._read_at: dict[str, float] = {}

    def of(self, table: Reference) -> int:
        project = table[0]
        if self._clock() - self._read_at.get(project, float("-inf")) > ROWS_KEPT_S:
            self._rows |= {(project, dataset, name): count for dataset, name, count in _row_counts(project)}
            self._read_at[project] = self._clock()
        return self._rows.get(table, 0)


def _row_counts(project: str) -> list[Any]:
    catalogue = database.quote(f"__ducklake_metadata_{project}")
    found: list[Any] = database.fetch(_ROWS.format(catalogue=catalogue))
    return found


_ROWS = """
SELECT s.schema_name, t.table_name, CAST(sum(f.record_count - coalesce(d.delete_count, 0)) AS BIGINT)
FROM {catalogue}.ducklake_data_file AS f
JOIN {catalogue}.ducklake_table AS t ON t.table_id = f.table_id AND t.end_snapshot IS NULL
JOIN {catalogue}.ducklake_schema AS s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
LEFT JOIN {catalogue}.ducklake_delete_file AS d ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
WHERE f.end_snapshot IS NULL
GROUP BY 1, 2
"""
