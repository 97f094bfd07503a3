"""Appends of the local warehouse by columns.

local-bigquery turns each appended row into JSON and back three times, which is nearly all the time that ingesting
takes. Here the rows go to DuckDB as one Arrow table. Only what is sure to fit goes this way: anything
else (an unknown field, a missing required value, a value DuckDB refuses) takes local-bigquery's own way, which says
what is wrong with which row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import duckdb
import pyarrow
from google.cloud.bigquery_storage_v1 import types
from google.protobuf.message import Message
from local_bigquery.catalog import tabledata, tables
from local_bigquery.engine import database
from local_bigquery.grpc import write
from local_bigquery.models import TableFieldSchema

from tipoff_local.bigquery_catalogue import CatalogueMemory, Shadow

# What the wire's plain values become on their way in (DuckDB casts to the column's type); other types go the slow way.
_ARROW = {
    "STRING": pyarrow.string(),
    "INTEGER": pyarrow.int64(),
    "FLOAT": pyarrow.float64(),
    "BOOLEAN": pyarrow.bool_(),
    "NUMERIC": pyarrow.string(),
    "JSON": pyarrow.string(),
    "DATE": pyarrow.date32(),
    "TIMESTAMP": pyarrow.timestamp("us", tz="UTC"),
}

# Protobuf has two classes of each, its own and the C library's.
type Descriptor = Any
type FieldDescriptor = Any
type Decode = Callable[[types.AppendRowsRequest, list[TableFieldSchema]], Sequence[Any]]


class _ProtoRows(Sequence[dict[str, Any]]):
    """Rows as they came, made into dicts only when somebody reads them."""

    def __init__(self, messages: list[Message], plain: Callable[[], list[dict[str, Any]]]) -> None:
        self.messages = messages
        self._plain = plain

    def __len__(self) -> int:
        return len(self.messages)

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
    """Commit all of them or none; why none."""
    with database.cursor() as cursor:
        cursor.begin()
        try:
            for append in group:
                cursor.register("appended", append.rows)
                cursor.execute(append.statement)
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
        descriptor = request.proto_rows.writer_schema.proto_descriptor
        if plain is None or "arrow_rows" in request or not descriptor.name:
            return plain  # type: ignore[no-any-return]
        message = write._message_class(descriptor)
        return lambda request, fields: _ProtoRows(
            [message.FromString(row) for row in request.proto_rows.rows.serialized_rows],
            lambda: plain(request, fields),
        )

    def insert_rows(stream: write.Stream, rows: Sequence[Any]) -> Any:
        if isinstance(rows, _ProtoRows) and _inserted(stream, rows.messages, columns(*stream.table)):
            return []
        return insert(stream, list(rows))

    write._decoder = decode_lazily
    write._insert = insert_rows


def _inserted(stream: write.Stream, messages: list[Message], fields: list[TableFieldSchema]) -> bool:
    """Whether the rows went in; False leaves the table as it was."""
    if not messages or not _fits(messages[0].DESCRIPTOR, fields):
        return False
    names = [field.name for field in messages[0].DESCRIPTOR.fields]
    sent = [field for field in fields if field.name in names]
    try:
        arrays = [pyarrow.array(_column(field, messages), _arrow_type(field)) for field in sent]
        rows = pyarrow.table(arrays, [field.name for field in sent])
        _COMMITS.commit(_statement(stream.table, rows.column_names), rows)
    except (duckdb.Error, pyarrow.ArrowException, _Missing):
        return False
    return True


def _fits(sent: Descriptor, fields: list[TableFieldSchema]) -> bool:
    """Whether each field sent is a column of a known type, and each required column is sent."""
    by_name = {field.name: field for field in fields}
    needed = {field.name for field in fields if field.mode == "REQUIRED"}
    names = {field.name for field in sent.fields}
    if not needed <= names <= by_name.keys():
        return False
    return all(_field_fits(part, by_name[part.name]) for part in sent.fields)


def _field_fits(sent: FieldDescriptor, field: TableFieldSchema) -> bool:
    if field.type == "RECORD":
        return sent.message_type is not None and _fits(sent.message_type, field.fields or [])
    return field.type in _ARROW and sent.message_type is None


class _Missing(Exception):
    """A required value is not there."""


def _arrow_type(field: TableFieldSchema) -> pyarrow.DataType:
    if field.type == "RECORD":
        one = pyarrow.struct([(part.name, _arrow_type(part)) for part in field.fields or []])
    else:
        one = _ARROW[field.type]
    return pyarrow.list_(one) if field.mode == "REPEATED" else one


def _column(field: TableFieldSchema, messages: list[Message]) -> list[Any]:
    """The values of a field; written out for plain ones, which are nearly all."""
    if field.mode == "REPEATED" or field.type == "RECORD":
        return [_value(field, message) for message in messages]
    name = field.name
    values = [getattr(message, name) if message.HasField(name) else None for message in messages]
    if field.mode == "REQUIRED" and None in values:
        raise _Missing(name)
    return values


def _value(field: TableFieldSchema, message: Message) -> Any:
    if field.mode == "REPEATED":
        return [_item(field, item) for item in getattr(message, field.name)]
    if message.HasField(field.name):
        return _item(field, getattr(message, field.name))
    if field.mode == "REQUIRED":
        raise _Missing(field.name)
    return None


def _item(field: TableFieldSchema, value: Any) -> Any:
    if field.type != "RECORD":
        return value
    return {part.name: _value(part, value) for part in field.fields or []}


def _statement(table: tuple[str, str, str], names: list[str]) -> str:
    columns = ", ".join(database.quote(name) for name in names)
    return f"INSERT INTO {tabledata.name(*table)} ({columns}) SELECT {columns} FROM appended"  # noqa: S608
