"""The streaming buffer: appended rows that are acknowledged but not in their tables yet.

DuckLake needs some 15 ms of processor time for each table of an append, for one row as for three thousand. So appended
rows are acknowledged when they are in a file, and are inserted into their table together: before the next request that
may read the table, or when there are many rows. The file survives the end of the process. Its rows are inserted
exactly once, because the transaction that inserts them carries the file's name.
"""

import itertools
import logging
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import duckdb
import msgspec
import pyarrow
from local_bigquery.catalog import tabledata
from local_bigquery.engine import database

# Inserting this many rows takes half a second of processor time.
ROWS_MAX = 100_000
FOLDER = "appended"
# The table was changed or dropped after its rows were acknowledged, so they can no longer be inserted.
_TABLE_CHANGED = (
    duckdb.CatalogException, duckdb.BinderException, duckdb.ConversionException, duckdb.ConstraintException,
)  # fmt: skip

logger = logging.getLogger(__name__)

type Reference = tuple[str, str, str]
type TableFilter = Callable[[Reference], bool]

_NUMBERS = itertools.count()


def every_table(table: Reference) -> bool:
    """The filter that selects every table."""
    return True


class AppendedRows(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one table as the client sent them: an Arrow schema and a record batch of it, both serialized."""

    table: Reference
    schema: bytes
    rows: bytes

    def batch(self) -> pyarrow.RecordBatch:
        """The rows, without a copy."""
        schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(self.schema))
        return pyarrow.ipc.read_record_batch(pyarrow.py_buffer(self.rows), schema)


class _Segment:
    """A file of acknowledged rows of one table."""

    def __init__(self, folder: Path, table: Reference) -> None:
        self.table = table
        home = folder / self.project
        home.mkdir(parents=True, exist_ok=True)
        self.path = home / f"{time.time_ns()}_{next(_NUMBERS)}"
        self.appended: list[AppendedRows] = []
        self.row_count = 0
        self._file = self.path.open("xb", buffering=0)

    @property
    def project(self) -> str:
        return self.table[0]

    def add(self, appended: AppendedRows, row_count: int) -> None:
        record = msgspec.msgpack.encode(appended)
        framed = struct.pack(">Q", len(record)) + record
        if self._file.write(framed) != len(framed):
            raise OSError(f"{self.path}: no room for {len(framed)} bytes")
        self.appended.append(appended)
        self.row_count += row_count

    def close(self) -> None:
        self._file.close()


class StreamingBuffer:
    """Acknowledged rows in files below `folder`. Thread-safe."""

    def __init__(self, folder: Path, writer: "TableWriter") -> None:
        self._folder = folder
        self._writer = writer
        self._open: dict[Reference, _Segment] = {}
        self._full: list[_Segment] = []
        self._adding = Lock()
        self._flushing = Lock()

    @property
    def holds_rows(self) -> bool:
        """Whether any acknowledged row is not in its table yet."""
        # This order needs no lock: a segment is added to the second before it is removed from the first.
        return bool(self._open or self._full)

    def add(self, appended: AppendedRows, row_count: int) -> None:
        """Write rows to the buffer. On return they survive the end of the process, and the next flush inserts them.

        Raises:
            OSError: the file could not be written; the rows are not acknowledged.
        """
        with self._adding:
            if appended.table not in self._open:
                self._open[appended.table] = _Segment(self._folder, appended.table)
            segment = self._open[appended.table]
            try:
                segment.add(appended, row_count)
            except OSError:  # no record may follow an incomplete one
                self._full.append(segment)
                del self._open[appended.table]
                raise
            is_full = self._row_count() >= ROWS_MAX
        if is_full:
            self.flush(rows_min=ROWS_MAX)

    def _row_count(self) -> int:
        return sum(segment.row_count for segment in self._open.values())

    def flush(self, wanted: TableFilter = every_table, rows_min: int = 0) -> None:
        """Insert all rows of the wanted tables that were added before this call.

        Args:
            wanted: selects the tables.
            rows_min: do nothing if the buffer has fewer rows, because another thread has just flushed it.

        Raises:
            duckdb.Error: the rows could not be inserted; they stay in the buffer.
        """
        if not self.holds_rows:
            return
        with self._flushing:
            with self._adding:
                if self._row_count() < rows_min:
                    return
                found = [table for table in self._open if wanted(table)]
                self._full += [self._open[table] for table in found]
                for table in found:
                    del self._open[table]
            for segments in _by_project(segment for segment in self._full if wanted(segment.table)):
                self._insert(segments)

    def _insert(self, segments: Sequence[_Segment]) -> None:
        """Insert the segments of a project in one transaction, and delete their files."""
        for segment in segments:
            segment.close()
        names = [segment.path.name for segment in segments]
        self._writer.insert(segments[0].project, names, [one for segment in segments for one in segment.appended])
        for segment in segments:
            segment.path.unlink()
            self._full.remove(segment)

    def recover(self) -> None:
        """Insert the rows that a process had acknowledged before it was killed."""
        for path in sorted(self._folder.glob("*/*")):
            project, name = path.parent.name, path.name
            if not self._writer.has_inserted(project, name):
                self._writer.insert(project, [name], list(_read(path.read_bytes())))
            path.unlink()


def _by_project(segments: Iterable[_Segment]) -> list[list[_Segment]]:
    found: dict[str, list[_Segment]] = defaultdict(list)
    for segment in segments:
        found[segment.project].append(segment)
    return list(found.values())


def _read(content: bytes) -> Iterator[AppendedRows]:
    """The complete records. An incomplete one at the end was not acknowledged."""
    start = 0
    while len(content) - start >= 8:
        [length] = struct.unpack_from(">Q", content, start)
        record = content[start + 8 : start + 8 + length]
        if len(record) < length:
            return
        yield msgspec.msgpack.decode(record, type=AppendedRows)
        start += 8 + length


class TableWriter:
    """Inserts rows into the tables of the warehouse.

    Args:
        connect: returns the connection to DuckDB.
    """

    def __init__(self, connect: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        self._connect = connect

    def insert(self, project: str, names: Sequence[str], appended: Sequence[AppendedRows]) -> None:
        """Insert rows in one transaction that carries these names.

        Rows whose table was changed or dropped are left out, with a warning.

        Raises:
            duckdb.Error: the transaction failed; no row is inserted.
        """
        rows = _by_statement(appended)
        try:
            self._commit(project, names, rows)
        except _TABLE_CHANGED:
            self._commit(project, names, {key: table for key, table in rows.items() if self._can_insert(key, table)})

    def has_inserted(self, project: str, name: str) -> bool:
        """Whether a transaction with that name was committed."""
        names = "string_split(commit_message, ' ')"
        snapshots = f"ducklake_snapshots({_text(project)})"
        sql = f"SELECT count(*) FROM {snapshots} WHERE list_contains({names}, {_text(name)})"  # noqa: S608
        with self._cursor() as cursor:
            return bool(cursor.execute(sql).fetchall()[0][0])

    def _commit(self, project: str, names: Sequence[str], rows: dict[str, pyarrow.Table]) -> None:
        if not rows:
            return
        with self._cursor() as cursor:
            cursor.begin()
            for statement, table in rows.items():
                cursor.register("appended", table)
                cursor.execute(statement)
            cursor.execute(f"CALL {database.quote(project)}.set_commit_message('appends', {_text(' '.join(names))})")
            cursor.commit()

    def _can_insert(self, statement: str, table: pyarrow.Table) -> bool:
        with self._cursor() as cursor:
            cursor.begin()
            cursor.register("appended", table)
            try:
                cursor.execute(statement)
            except _TABLE_CHANGED as error:
                logger.warning(
                    "%d acknowledged rows are lost because their table was changed or dropped: %s",
                    table.num_rows,
                    error,
                )
                return False
        return True

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A new connection; changes that are not committed are rolled back."""
        cursor = self._connect().cursor()
        try:
            yield cursor
        finally:
            cursor.close()


def _by_statement(appended: Sequence[AppendedRows]) -> dict[str, pyarrow.Table]:
    """The rows of each table, by the statement that inserts them."""
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
