"""Appended rows of the local warehouse that are not in their tables yet: what BigQuery calls the streaming buffer.

DuckLake asks some 15 ms of processor time for each table that an append touches, whether it brings one row or three
thousand. So rows are acknowledged when they are in a file, and go to their tables together: before anybody's next look
at the warehouse, or when there are many. The file survives the death of the process, and its rows get in once: the
transaction that takes them in carries the file's name.
"""

import asyncio
import logging
import re
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import grpc
import msgspec
import pyarrow
from local_bigquery.catalog import tabledata
from local_bigquery.engine import database

# So many rows take half a second of processor time on their way to their tables.
ROWS_MAX = 100_000
FOLDER = "appended"
_OF_A_JOB = re.compile(r"/projects/[^/]+/(jobs|queries)(/|$)")
# The table of these rows has changed or gone since they were acknowledged: they went with it.
_TABLE_IS_ANOTHER = (
    duckdb.CatalogException, duckdb.BinderException, duckdb.ConversionException, duckdb.ConstraintException,
)  # fmt: skip

logger = logging.getLogger(__name__)

type Reference = tuple[str, str, str]


class Appended(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one table as they were sent: the Arrow schema and one record batch of it, both serialized."""

    table: Reference
    schema: bytes
    rows: bytes

    def batch(self) -> pyarrow.RecordBatch:
        """The rows, without a copy."""
        schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(self.schema))
        return pyarrow.ipc.read_record_batch(pyarrow.py_buffer(self.rows), schema)


class _Segment:
    """A file of acknowledged rows of one project."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / str(time.time_ns())
        self.appended: list[Appended] = []
        self.row_count = 0
        self._file = self.path.open("xb", buffering=0)

    def add(self, appended: Appended, row_count: int) -> None:
        record = msgspec.msgpack.encode(appended)
        framed = struct.pack(">Q", len(record)) + record
        if self._file.write(framed) != len(framed):
            raise OSError(f"{self.path}: no room for {len(framed)} bytes")
        self.appended.append(appended)
        self.row_count += row_count

    def close(self) -> None:
        self._file.close()


class StreamingBuffer:
    """Acknowledged rows below `folder`; safe to share between threads."""

    def __init__(self, folder: Path, tables: "Tables") -> None:
        self._folder = folder
        self._tables = tables
        self._open: dict[str, _Segment] = {}
        self._full: list[_Segment] = []
        self._adding = Lock()
        self._settling = Lock()

    @property
    def holds_rows(self) -> bool:
        """Whether any acknowledged row is not in its table yet."""
        # In this order, without the lock: what leaves the first is in the second before.
        return bool(self._open or self._full)

    def add(self, appended: Appended, row_count: int) -> None:
        """When this returns, the rows survive the process, and whoever settles finds them in their table.

        Raises:
            OSError: the file would not take them; they are not acknowledged.
        """
        project = appended.table[0]
        with self._adding:
            if project not in self._open:
                self._open[project] = _Segment(self._folder / project)
            segment = self._open[project]
            try:
                segment.add(appended, row_count)
            except OSError:  # nothing may follow half a record
                self._full.append(segment)
                del self._open[project]
                raise
        if segment.row_count >= ROWS_MAX:
            self.settle()

    def settle(self) -> None:
        """When this returns, all rows that were added before it was called are in their tables.

        Raises:
            duckdb.Error: the warehouse could not take them now; they are kept.
        """
        if not self.holds_rows:
            return
        with self._settling:
            with self._adding:
                self._full += self._open.values()
                self._open = {}
            while self._full:
                segment = self._full[0]
                segment.close()
                self._tables.take_in(segment.path.parent.name, segment.path.name, segment.appended)
                segment.path.unlink()
                del self._full[0]

    def recover(self) -> None:
        """Store what a process that was killed had acknowledged."""
        for path in sorted(self._folder.glob("*/*")):
            project, name = path.parent.name, path.name
            if not self._tables.has_taken_in(project, name):
                self._tables.take_in(project, name, list(_read(path.read_bytes())))
            path.unlink()


def _read(content: bytes) -> Iterator[Appended]:
    """Whole records; what the process was writing when it died was not acknowledged."""
    start = 0
    while len(content) - start >= 8:
        [length] = struct.unpack_from(">Q", content, start)
        record = content[start + 8 : start + 8 + length]
        if len(record) < length:
            return
        yield msgspec.msgpack.decode(record, type=Appended)
        start += 8 + length


class Tables:
    """The tables that rows end in.

    connect: gives the connection to DuckDB.
    """

    def __init__(self, connect: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        self._connect = connect

    def take_in(self, project: str, name: str, appended: Sequence[Appended]) -> None:
        """Rows get in by one transaction of that name; those whose table is not as it was are left out with a warning.

        Raises:
            duckdb.Error: not now; none is in.
        """
        rows = _by_statement(appended)
        try:
            self._commit(project, name, rows)
        except _TABLE_IS_ANOTHER:
            self._commit(project, name, {key: table for key, table in rows.items() if self._is_welcome(key, table)})

    def has_taken_in(self, project: str, name: str) -> bool:
        """Whether there was a transaction of that name."""
        sql = f"SELECT count(*) FROM ducklake_snapshots({_text(project)}) WHERE commit_message = {_text(name)}"  # noqa: S608
        with self._cursor() as cursor:
            return bool(cursor.execute(sql).fetchall()[0][0])

    def _commit(self, project: str, name: str, rows: dict[str, pyarrow.Table]) -> None:
        if not rows:
            return
        with self._cursor() as cursor:
            cursor.begin()
            for statement, table in rows.items():
                cursor.register("appended", table)
                cursor.execute(statement)
            cursor.execute(f"CALL {database.quote(project)}.set_commit_message('appends', {_text(name)})")
            cursor.commit()

    def _is_welcome(self, statement: str, table: pyarrow.Table) -> bool:
        with self._cursor() as cursor:
            cursor.begin()
            cursor.register("appended", table)
            try:
                cursor.execute(statement)
            except _TABLE_IS_ANOTHER as error:
                logger.warning("%d acknowledged rows went with their table: %s", table.num_rows, error)
                return False
        return True

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of one's own; what it has not committed is rolled back."""
        cursor = self._connect().cursor()
        try:
            yield cursor
        finally:
            cursor.close()


def _by_statement(appended: Sequence[Appended]) -> dict[str, pyarrow.Table]:
    """The rows of each table together, and the statement that takes them in."""
    batches: dict[str, list[pyarrow.RecordBatch]] = defaultdict(list)
    for one in appended:
        batch = one.batch()
        batches[_statement(one.table, batch.schema.names)].append(batch)
    return {statement: pyarrow.Table.from_batches(found) for statement, found in batches.items()}


def _statement(table: Reference, names: Sequence[str]) -> str:
    columns = ", ".join(database.quote(name) for name in names)
    return f"INSERT INTO {tabledata.name(*table)} ({columns}) SELECT {columns} FROM appended"  # noqa: S608


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


class SettledFirst:
    """Has rows settled before a request is answered that may look at them (ASGI)."""

    def __init__(self, app: Any, buffer: StreamingBuffer) -> None:
        self._app = app
        self._buffer = buffer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """A GET of a job or its result shows what was found already; waiting clients ask for it again and again."""
        of_a_job = scope["type"] == "http" and scope["method"] == "GET" and _OF_A_JOB.search(scope["path"])
        if self._buffer.holds_rows and not of_a_job:
            await asyncio.to_thread(self._buffer.settle)
        await self._app(scope, receive, send)


def settled_before(handler: grpc.RpcMethodHandler, buffer: StreamingBuffer) -> grpc.RpcMethodHandler:
    """The same for a unary call of the Storage API."""
    answer = handler.unary_unary

    def settle_and_answer(request: Any, context: grpc.ServicerContext) -> Any:
        buffer.settle()
        return answer(request, context)

    return handler._replace(unary_unary=settle_and_answer)
