"""Acknowledged rows are never lost, never doubled, and in their tables before anybody looks."""

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pyarrow
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1.types import DataFormat, ReadSession

from tipoff.cloud.append import Appender
from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.bigquery_storage import bigquery_read_client
from tipoff.cloud.ledger import QuotaLedger
from tipoff.cloud.rows import Part
from tipoff.tables import Column, Table, all_tables
from tipoff_local.bigquery import Warehouse, install_extensions
from tipoff_local.bigquery import buffer as streaming_buffer
from tipoff_local.bigquery.buffer import Appended, StreamingBuffer, Tables

PROJECT = "tipoff-tests"
COUNTS = replace(
    all_tables()[0], dataset="log", name="counts", columns=(Column("n", "INT64"), Column("said", "STRING"))
)
SCHEMA = pyarrow.schema([("n", pyarrow.int64()), ("said", pyarrow.string())])


def appended(numbers: Sequence[int], table: str = "counts") -> Appended:
    batch = pyarrow.record_batch([list(numbers), ["it's"] * len(numbers)], schema=SCHEMA)
    return Appended((PROJECT, "log", table), SCHEMA.serialize().to_pybytes(), batch.serialize().to_pybytes())


class Remembering(Tables):
    """Tables that are lists; `failures` next calls fail first."""

    def __init__(self, failures: int = 0) -> None:
        self.taken: list[int] = []
        self.names: list[str] = []
        self.failures = failures

    def take_in(self, project: str, names: Sequence[str], appended: Sequence[Appended]) -> None:
        if self.failures:
            self.failures -= 1
            raise duckdb.IOException("the disk is full")
        self.names += [f"{project}/{name}" for name in names]
        self.taken += [number for one in appended for number in one.batch()["n"].to_pylist()]

    def has_taken_in(self, project: str, name: str) -> bool:
        return f"{project}/{name}" in self.names


def test_rows_go_to_their_tables_together_and_once(tmp_path: Path) -> None:
    tables = Remembering()
    buffer = StreamingBuffer(tmp_path, tables)
    buffer.add(appended([1, 2]), 2)
    buffer.add(appended([3]), 1)
    assert tables.taken == []
    buffer.settle()
    buffer.settle()
    assert tables.taken == [1, 2, 3] and len(tables.names) == 1
    assert list(tmp_path.glob("*/*")) == []


def test_only_what_is_asked_for_is_settled_and_the_rest_at_the_next_look(tmp_path: Path) -> None:
    tables = Remembering()
    buffer = StreamingBuffer(tmp_path, tables)
    buffer.add(appended([1]), 1)
    buffer.add(appended([2], "others"), 1)
    buffer.settle(lambda table: table[2] == "others")
    assert tables.taken == [2] and buffer.holds_rows
    buffer.add(appended([3]), 1)
    buffer.settle()
    assert tables.taken == [2, 1, 3]
    assert list(tmp_path.glob("*/*")) == []


def test_many_rows_are_not_kept_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming_buffer, "ROWS_MAX", 3)
    tables = Remembering()
    buffer = StreamingBuffer(tmp_path, tables)
    buffer.add(appended([1, 2]), 2)
    assert tables.taken == []
    buffer.add(appended([3], "others"), 1)
    assert tables.taken == [1, 2, 3]


def test_what_cannot_be_stored_now_is_kept_and_whoever_looks_is_told(tmp_path: Path) -> None:
    tables = Remembering(failures=1)
    buffer = StreamingBuffer(tmp_path, tables)
    buffer.add(appended([1]), 1)
    with pytest.raises(duckdb.IOException, match="full"):
        buffer.settle()
    buffer.add(appended([2]), 1)
    buffer.settle()
    assert tables.taken == [1, 2]


class Full:
    """A file on a disk with room for a few more bytes: it takes those, says so, and raises nothing."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, content: bytes) -> int:
        return int(self._file.write(content[:40]))

    def close(self) -> None:
        self._file.close()


def test_a_full_disk_refuses_its_rows_and_spoils_no_others(tmp_path: Path) -> None:
    tables = Remembering()
    buffer = StreamingBuffer(tmp_path, tables)
    buffer.add(appended([1]), 1)
    [segment] = list(buffer._open.values())
    segment._file = cast(FileIO, Full(segment._file))
    with pytest.raises(OSError, match="no room"):
        buffer.add(appended([2]), 1)
    buffer.add(appended([3]), 1)
    StreamingBuffer(tmp_path, again := Remembering()).recover()
    assert again.taken == [1, 3]  # as a process would find them that was killed here: nothing followed half a record
    assert list(tmp_path.glob("*/*")) == []


def test_a_process_that_died_left_every_acknowledged_row_and_half_of_another(tmp_path: Path) -> None:
    StreamingBuffer(tmp_path, Remembering()).add(appended([1, 2]), 2)
    [left] = tmp_path.glob("*/*")
    whole = left.read_bytes()
    left.write_bytes(whole + whole[:40])
    tables = Remembering()
    StreamingBuffer(tmp_path, tables).recover()
    assert tables.taken == [1, 2]
    assert not left.exists()


def test_a_process_that_died_after_storing_and_before_forgetting_stores_nothing_twice(tmp_path: Path) -> None:
    tables = Remembering()
    buffer = StreamingBuffer(tmp_path, tables)
    buffer.add(appended([1, 2]), 2)
    [left] = tmp_path.glob("*/*")
    kept = left.read_bytes()
    buffer.settle()
    left.write_bytes(kept)
    StreamingBuffer(tmp_path, tables).recover()
    assert tables.taken == [1, 2]


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckLake as local-bigquery has it, with one table."""
    home = tmp_path / "home"
    install_extensions(home)
    connection = duckdb.connect(config={"home_directory": str(home)})
    connection.execute(f"ATTACH 'ducklake:{tmp_path}/l.ducklake' AS \"{PROJECT}\" (DATA_PATH '{tmp_path}/l/')")
    connection.execute(f'CREATE SCHEMA "{PROJECT}".log; CREATE TABLE "{PROJECT}".log.counts (n BIGINT, said VARCHAR)')
    yield connection
    connection.close()


def numbers(lake: duckdb.DuckDBPyConnection) -> list[int]:
    return [n for (n,) in lake.execute(f'SELECT n FROM "{PROJECT}".log.counts ORDER BY n').fetchall()]


def test_the_transaction_that_takes_rows_in_carries_their_name(lake: duckdb.DuckDBPyConnection) -> None:
    tables = Tables(lambda: lake)
    tables.take_in(PROJECT, ["b", "a's"], [appended([1]), appended([2, 3])])
    assert numbers(lake) == [1, 2, 3]
    assert tables.has_taken_in(PROJECT, "a's") and tables.has_taken_in(PROJECT, "b")
    assert not tables.has_taken_in(PROJECT, "a")


def test_rows_whose_table_has_gone_take_none_down_that_wait_beside_them(
    lake: duckdb.DuckDBPyConnection, caplog: pytest.LogCaptureFixture
) -> None:
    """Pitfall 16, one floor below."""
    tables = Tables(lambda: lake)
    tables.take_in(PROJECT, ["a"], [appended([1]), appended([2, 3], "gone"), appended([4])])
    assert numbers(lake) == [1, 4]
    assert "2 acknowledged rows went with their table" in caplog.text
    tables.take_in(PROJECT, ["b"], [appended([5], "gone")])
    assert numbers(lake) == [1, 4]


def official_client(warehouse: Warehouse) -> bigquery.Client:
    credentials = AnonymousCredentials()
    return bigquery.Client(PROJECT, credentials, client_options={"api_endpoint": warehouse.rest_url})


def count(warehouse: Warehouse) -> list[int]:
    return [row.n for row in official_client(warehouse).query_and_wait("SELECT n FROM log.counts ORDER BY n")]


def at(warehouse: Warehouse) -> Endpoints:
    return SimpleNamespace(
        project_id=PROJECT,
        bigquery_emulator_host=warehouse.rest_url,
        bigquery_storage_emulator_host=warehouse.grpc_address,
    )


def read_by_storage(warehouse: Warehouse) -> list[int]:
    """The same rows by the Storage Read API, straight from the table."""
    client = bigquery_read_client(at(warehouse))
    table = f"projects/{PROJECT}/datasets/log/tables/counts"
    session = client.create_read_session(
        parent=f"projects/{PROJECT}", read_session=ReadSession(table=table, data_format=DataFormat.ARROW)
    )
    found = [client.read_rows(stream.name).to_arrow(session) for stream in session.streams]
    return sorted(number for rows in found for number in rows["n"].to_pylist())


def append(warehouse: Warehouse, *numbers: int, table: Table = COUNTS) -> None:
    appender = Appender(at(warehouse), QuotaLedger())
    assert appender.append([Part(table, [SimpleNamespace(n=n, said="before") for n in numbers])]) == [None]
    appender.close()


def test_rows_are_there_at_the_next_look_and_once_after_a_kill_before_it(tmp_path: Path) -> None:
    """Looks of the official clients; SIGKILL between the acknowledgement and a look."""
    warehouse = Warehouse(tmp_path, PROJECT)
    warehouse.start()
    for statement in ("CREATE SCHEMA log", "CREATE TABLE log.counts (n INT64, said STRING)"):
        official_client(warehouse).query_and_wait(statement)
    append(warehouse, 0)
    assert count(warehouse) == [0]
    append(warehouse, 1)
    assert read_by_storage(warehouse) == [0, 1]
    append(warehouse, 2)
    buffered = tmp_path / "data" / streaming_buffer.FOLDER
    assert len(list(buffered.glob("*/*"))) == 1
    assert warehouse.pid is not None
    os.kill(warehouse.pid, signal.SIGKILL)
    warehouse.stop()
    for _ in range(2):
        warehouse.start()
        assert count(warehouse) == [0, 1, 2]
        warehouse.stop()
        assert list(buffered.glob("*/*")) == []
