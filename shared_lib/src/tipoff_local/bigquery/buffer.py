"""Appended rows of the local warehouse that are not in their tables yet: what BigQuery calls the streaming buffer.

DuckLake asks some 15 ms of processor time for each table that an append touches, whether it brings one row or three
thousand. So rows are acknowledged when they are in a file, and go to their table together: before anybody's next look
at it, or when there are many. The file survives the death of the process, and its rows get in once: the transaction
that takes them in carries the file's name.
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

# So many rows take half a second of processor time on their way to their tables.
ROWS_MAX = 100_000
FOLDER = "appended"
# The table of these rows has changed or gone since they were acknowledged: they went with it.
_TABLE_IS_ANOTHER = (
    duckdb.CatalogException, duckdb.BinderException, duckdb.ConversionException, duckdb.ConstraintException,
)  # fmt: skip

logger = logging.getLogger(__name__)

type Reference = tuple[str, str, str]
type Wanted = Callable[[Reference], bool]

_NUMBERS = itertools.count()


def every_table(table: Reference) -> bool:
    """Of any table."""
    return True


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
    """A file of acknowledged rows of one table."""

    def __init__(self, folder: Path, table: Reference) -> None:
        self.table = table
        home = folder / self.project
        home.mkdir(parents=True, exist_ok=True)
        self.path = home / f"{time.time_ns()}_{next(_NUMBERS)}"
        self.appended: list[Appended] = []
        self.row_count = 0
        self._file = self.path.open("xb", buffering=0)

    @property
    def project(self) -> str:
        return self.table[0]

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
        self._open: dict[Reference, _Segment] = {}
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
        with self._adding:
            if appended.table not in self._open:
                self._open[appended.table] = _Segment(self._folder, appended.table)
            segment = self._open[appended.table]
            try:
                segment.add(appended, row_count)
            except OSError:  # nothing may follow half a record
                self._full.append(segment)
                del self._open[appended.table]
                raise
            are_many = self._row_count() >= ROWS_MAX
        if are_many:
            self.settle(rows_min=ROWS_MAX)

    def _row_count(self) -> int:
        return sum(segment.row_count for segment in self._open.values())

    def settle(self, wanted: Wanted = every_table, rows_min: int = 0) -> None:
        """When this returns, all rows of wanted tables that were added before it was called are in their tables.

        Args:
            wanted: of which tables.
            rows_min: nothing is done for fewer rows: somebody else has just settled those that were many.

        Raises:
            duckdb.Error: the warehouse could not take them now; they are kept.
        """
        if not self.holds_rows:
            return
        with self._settling:
            with self._adding:
                if self._row_count() < rows_min:
                    return
                found = [table for table in self._open if wanted(table)]
                self._full += [self._open[table] for table in found]
                for table in found:
                    del self._open[table]
            for segments in _by_project(segment for segment in self._full if wanted(segment.table)):
                self._store(segments)

    def _store(self, segments: Sequence[_Segment]) -> None:
        """Take a project's segments in by one transaction, and forget them."""
        for segment in segments:
            segment.close()
        names = [segment.path.name for segment in segments]
        self._tables.take_in(segments[0].project, names, [one for segment in segments for one in segment.appended])
        for segment in segments:
            segment.path.unlink()
            self._full.remove(segment)

    def recover(self) -> None:
        """Store what a process that was killed had acknowledged."""
        for path in sorted(self._folder.glob("*/*")):
            project, name = path.parent.name, path.name
            if not self._tables.has_taken_in(project, name):
                self._tables.take_in(project, [name], list(_read(path.read_bytes())))
            path.unlink()


def _by_project(segments: Iterable[_Segment]) -> list[list[_Segment]]:
    found: dict[str, list[_Segment]] = defaultdict(list)
    for segment in segments:
        found[segment.project].append(segment)
    return list(found.values())


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

    def take_in(self, project: str, names: Sequence[str], appended: Sequence[Appended]) -> None:
        """Rows get in by one transaction of these names; if their table is not as it was, not at all, with a warning.

        Raises:
            duckdb.Error: not now; none is in.
        """
        rows = _by_statement(appended)
        try:
            self._commit(project, names, rows)
        except _TABLE_IS_ANOTHER:
            self._commit(project, names, {key: table for key, table in rows.items() if self._is_welcome(key, table)})

    def has_taken_in(self, project: str, name: str) -> bool:
        """Whether there was a transaction of that name."""
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
