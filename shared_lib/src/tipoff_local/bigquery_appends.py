"""Appends of the local warehouse by columns.

local-bigquery turns each appended row into JSON and back three times, which is nearly all the time that ingesting
takes. Here rows that come as Arrow go to DuckDB as they are. Only what is sure to fit goes this way: anything
else (an unknown field, a missing required value, a value DuckDB refuses) takes local-bigquery's own way, which says
what is wrong with which row.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import duckdb
import pyarrow
from google.cloud.bigquery_storage_v1 import types
from local_bigquery.catalog import tabledata, tables
from local_bigquery.engine import database
from local_bigquery.grpc import write
from local_bigquery.models import TableFieldSchema

from tipoff_local.bigquery_catalogue import CatalogueMemory, Shadow

# How BigQuery has a column's values sent in Arrow; other columns and other types go the slow way.
_ARROW = {
    "STRING": pyarrow.string(),
    "INTEGER": pyarrow.int64(),
    "FLOAT": pyarrow.float64(),
    "BOOLEAN": pyarrow.bool_(),
    "NUMERIC": pyarrow.decimal128(38, 9),
    "DATE": pyarrow.date32(),
    "TIMESTAMP": pyarrow.timestamp("us", tz="UTC"),
}

logger = logging.getLogger(__name__)

type Decode = Callable[[types.AppendRowsRequest, list[TableFieldSchema]], Sequence[Any]]


class _ArrowRows(Sequence[dict[str, Any]]):
    """Rows as they came, made into dicts only when somebody reads them."""

    def __init__(self, batch: pyarrow.RecordBatch, plain: Callable[[], list[dict[str, Any]]]) -> None:
        self.batch = batch
        self._plain = plain

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._plain())

    def __getitem__(self, index: Any) -> Any:
        return self._plain()[index]


@dataclass
class _Append:
    """Rows that wait for their commit."""

    statement: str
    rows: pyarrow.Table
    done: bool = False
    error: duckdb.Error | None = None


class _Commits:
    """Commits that would meet are made one: DuckLake asks the same for one table's rows as for ten tables'."""

    def __init__(self) -> None:
        self._waiting: list[_Append] = []
        self._queue = Lock()
        self._turn = Lock()

    def commit(self, statement: str, rows: pyarrow.Table) -> None:
        """Returns when the rows are in; the first to get its turn commits for all that wait.

        Raises:
            duckdb.Error: these rows were refused; nothing of them is in.
        """
        append = _Append(statement, rows)
        with self._queue:
            self._waiting.append(append)
        with self._turn:
            if not append.done:
                self._commit_waiting()
        if append.error is not None:
            raise append.error

    def _commit_waiting(self) -> None:
        with self._queue:
            group, self._waiting = self._waiting, []
        if _error_of(group) is None:
            _finish(group)
            return
        for append in group:
            append.error = _error_of([append])
        _finish(group)


def _finish(group: Sequence[_Append]) -> None:
    for append in group:
        append.done = True


def _error_of(group: Sequence[_Append]) -> duckdb.Error | None:
    """Commit all of them or none, one statement a table; why none."""
    rows: dict[str, list[pyarrow.Table]] = defaultdict(list)
    for append in group:
        rows[append.statement].append(append.rows)
    with database.cursor() as cursor:
        cursor.begin()
        try:
            for statement, tables in rows.items():
                cursor.register("appended", pyarrow.concat_tables(tables))
                cursor.execute(statement)
            cursor.commit()
        except duckdb.Error as error:
            cursor.rollback()
            return error
    return None


_COMMITS = _Commits()


def append_by_columns(memory: CatalogueMemory) -> None:
    """Change local-bigquery's append path in this process."""
    columns = memory.remembering(tables.columns)
    write.tables = Shadow(tables, columns=columns)
    decoder, insert = write._decoder, write._insert

    def decode_lazily(request: types.AppendRowsRequest) -> Decode | None:
        plain = decoder(request)
        if plain is None or "arrow_rows" not in request:
            return plain  # type: ignore[no-any-return]
        schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(request.arrow_rows.writer_schema.serialized_schema))

        def decode(request: types.AppendRowsRequest, fields: list[TableFieldSchema]) -> Sequence[Any]:
            sent = pyarrow.py_buffer(request.arrow_rows.rows.serialized_record_batch)
            return _ArrowRows(pyarrow.ipc.read_record_batch(sent, schema), lambda: plain(request, fields))

        return decode

    def insert_rows(stream: write.Stream, rows: Sequence[Any]) -> Any:
        if isinstance(rows, _ArrowRows):
            if _inserted(stream, rows.batch, columns(*stream.table)):
                return []
            logger.warning("an append to %s takes the slow way", ".".join(stream.table))
        return insert(stream, list(rows))

    write._decoder = decode_lazily
    write._insert = insert_rows


def _inserted(stream: write.Stream, batch: pyarrow.RecordBatch, fields: list[TableFieldSchema]) -> bool:
    """Whether the rows went in; False leaves the table as it was."""
    if not batch.num_rows or not _fits(batch, fields):
        return False
    try:
        _COMMITS.commit(_statement(stream.table, batch.schema.names), pyarrow.Table.from_batches([batch]))
    except duckdb.Error as error:
        logger.warning("DuckDB refused an append to %s: %s", ".".join(stream.table), error)
        return False
    return True


def _fits(batch: pyarrow.RecordBatch, fields: list[TableFieldSchema]) -> bool:
    """Whether each field sent is a column of its type, and each required value is there."""
    by_name = {field.name: field for field in fields}
    needed = {field.name for field in fields if field.mode == "REQUIRED"}
    if not needed <= set(batch.schema.names) <= by_name.keys():
        return False
    return all(
        array.type == _arrow_type(by_name[name]) and _complete(array, by_name[name])
        for name, array in zip(batch.schema.names, batch.columns, strict=True)
    )


def _arrow_type(field: TableFieldSchema) -> pyarrow.DataType | None:
    """None if it has none of the known ones."""
    if field.type == "RECORD":
        parts = [(part.name, _arrow_type(part)) for part in field.fields or []]
        one = pyarrow.struct(parts) if all(kind is not None for _, kind in parts) else None
    else:
        one = _ARROW.get(field.type)
    return pyarrow.list_(one) if one is not None and field.mode == "REPEATED" else one


def _complete(array: pyarrow.Array, field: TableFieldSchema) -> bool:
    """Whether no required value is missing, at any depth; an array that is NULL counts as missing."""
    if field.mode in ("REQUIRED", "REPEATED") and array.null_count:
        return False
    if field.type != "RECORD":
        return True
    structs = array.flatten() if field.mode == "REPEATED" else array.drop_null()
    return all(_complete(structs.field(part.name), part) for part in field.fields or [])


def _statement(table: tuple[str, str, str], names: list[str]) -> str:
    columns = ", ".join(database.quote(name) for name in names)
    return f"INSERT INTO {tabledata.name(*table)} ({columns}) SELECT {columns} FROM appended"  # noqa: S608
