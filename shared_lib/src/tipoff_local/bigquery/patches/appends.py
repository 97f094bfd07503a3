"""Appends Arrow rows through the streaming buffer, without a conversion of each row.

local-bigquery turns each appended row into JSON and back three times, which is nearly all of the time of an append.
With this patch, rows that are sent as Arrow go to the buffer as they are, if they surely fit their table. All other
rows (an unknown field, a missing required value) take local-bigquery's own path, which reports the error of each row.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow
from google.cloud.bigquery_storage_v1 import types
from local_bigquery.catalog import tables
from local_bigquery.errors import BigQueryError
from local_bigquery.grpc import write
from local_bigquery.models import TableFieldSchema

from tipoff_local.bigquery.buffer import AppendedRows, StreamingBuffer
from tipoff_local.bigquery.catalogue import CatalogueCache
from tipoff_local.bigquery.patches.module_view import ModuleView
from tipoff_local.usage import UsageLog

# The Arrow type of each BigQuery type. Columns of other types take local-bigquery's own path.
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
    """Rows as they were sent; they become dicts only when they are read."""

    def __init__(
        self, batch: pyarrow.RecordBatch, sent: tuple[bytes, bytes], plain: Callable[[], list[dict[str, Any]]]
    ) -> None:
        self.batch = batch
        self.sent = sent
        self._plain = plain

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._plain())

    def __getitem__(self, index: Any) -> Any:
        return self._plain()[index]


def append_by_columns(cache: CatalogueCache, buffer: StreamingBuffer, usage: UsageLog) -> None:
    """Replace local-bigquery's append path in this process. The usage log gets the bytes of Arrow rows by table."""
    columns = cache.cached(tables.columns)

    def load(*table: str) -> None:
        """Check that the table exists; the caller, the first append of a stream, ignores the result."""
        try:
            columns(*table)
        except BigQueryError:
            tables.load(*table)

    write.tables = ModuleView(tables, columns=columns, load=load)
    decoder, insert = write._decoder, write._insert

    def decode_lazily(request: types.AppendRowsRequest) -> Decode | None:
        plain = decoder(request)
        if plain is None or "arrow_rows" not in request:
            return plain  # type: ignore[no-any-return]
        serialized = request.arrow_rows.writer_schema.serialized_schema
        schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(serialized))

        def decode(request: types.AppendRowsRequest, fields: list[TableFieldSchema]) -> Sequence[Any]:
            sent = request.arrow_rows.rows.serialized_record_batch
            batch = pyarrow.ipc.read_record_batch(pyarrow.py_buffer(sent), schema)
            return _ArrowRows(batch, (serialized, sent), lambda: plain(request, fields))

        return decode

    def insert_rows(stream: write.Stream, rows: Sequence[Any]) -> Any:
        if isinstance(rows, _ArrowRows):
            if rows.batch.num_rows and _fits(rows.batch, columns(*stream.table)):
                buffer.add(AppendedRows(stream.table, *rows.sent), rows.batch.num_rows)
                usage.add(".".join(stream.table[1:]), bigquery_appended_bytes=len(rows.sent[1]))
                return []
            logger.warning("an append to %s takes local-bigquery's own, slower path", ".".join(stream.table))
        return insert(stream, list(rows))

    write._decoder = decode_lazily
    write._insert = insert_rows


def _fits(batch: pyarrow.RecordBatch, fields: list[TableFieldSchema]) -> bool:
    """Whether each field is a column of its type, no required value is missing, and all text is valid UTF-8."""
    by_name = {field.name: field for field in fields}
    needed = {field.name for field in fields if field.mode == "REQUIRED"}
    if not needed <= set(batch.schema.names) <= by_name.keys():
        return False
    try:
        batch.validate(full=True)
    except pyarrow.ArrowInvalid:
        return False
    return all(
        array.type == _arrow_type(by_name[name]) and _complete(array, by_name[name])
        for name, array in zip(batch.schema.names, batch.columns, strict=True)
    )


def _arrow_type(field: TableFieldSchema) -> pyarrow.DataType | None:
    """The column's Arrow type; None if it is not a known type, or has a limit of its own."""
    if field.precision or field.maxLength:
        return None
    if field.type == "RECORD":
        parts = [(part.name, _arrow_type(part)) for part in field.fields or []]
        one = pyarrow.struct(parts) if all(kind is not None for _, kind in parts) else None
    else:
        one = _ARROW.get(field.type)
    return pyarrow.list_(one) if one is not None and field.mode == "REPEATED" else one


def _complete(array: pyarrow.Array, field: TableFieldSchema) -> bool:
    """Whether no required value is missing, at any depth. A NULL array is a missing value."""
    if field.mode in ("REQUIRED", "REPEATED") and array.null_count:
        return False
    if field.type != "RECORD":
        return True
    structs = array.flatten() if field.mode == "REPEATED" else array.drop_null()
    return all(_complete(structs.field(part.name), part) for part in field.fields or [])
