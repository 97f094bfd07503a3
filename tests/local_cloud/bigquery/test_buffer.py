"""Acknowledged rows are never lost, never inserted twice, and in their tables before the next read."""

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
from tipoff_local.bigquery.buffer import AppendedRows, StreamingBuffer, TableWriter

PROJECT = "tipoff-tests"
COUNTS = replace(
    all_tables()[0], dataset="log", name="counts", columns=(Column("n", "INT64"), Column("said", "STRING"))
)
SCHEMA = pyarrow.schema([("n", pyarrow.int64()), ("said", pyarrow.string())])


def appended(numbers: Sequence[int], table: str = "counts") -> AppendedRows:
    batch = pyarrow.record_batch([list(numbers), ["it's"] * len(numbers)], schema=SCHEMA)
    return AppendedRows((PROJECT, "log", table), SCHEMA.serialize().to_pybytes(), batch.serialize().to_pybytes())


class Recorder(TableWriter):
    """Records inserted rows; the next `failures` calls fail."""

    def __init__(self, failures: int = 0) -> None:
        self.taken: list[int] = []
        self.names: list[str] = []
        self.failures = failures

    def insert(self, project: str, names: Sequence[str], appended: Sequence[AppendedRows]) -> None:
        if self.failures:
            self.failures -= 1
            raise duckdb.IOException("the disk is full")
        self.names += [f"{project}/{name}" for name in names]
        self.taken += [number for one in appended for number in one.batch()["n"].to_pylist()]

    def has_inserted(self, project: str, name: str) -> bool:
        return f"{project}/{name}" in self.names


def test_rows_go_to_their_tables_together_and_once(tmp_path: Path) -> None:
    writer = Recorder()
    buffer = StreamingBuffer(tmp_path, writer)
    buffer.add(appended([1, 2]), 2)
    buffer.add(appended([3]), 1)
    assert writer.taken == []
    buffer.flush()
    buffer.flush()
    assert writer.taken == [1, 2, 3] and len(writer.names) == 1
    assert list(tmp_path.glob("*/*")) == []


def test_only_wanted_tables_are_flushed_and_the_others_at_the_next_flush(tmp_path: Path) -> None:
    writer = Recorder()
    buffer = StreamingBuffer(tmp_path, writer)
    buffer.add(appended([1]), 1)
    buffer.add(appended([2], "others"), 1)
    buffer.flush(lambda table: table[2] == "others")
    assert writer.taken == [2] and buffer.holds_rows
    buffer.add(appended([3]), 1)
    buffer.flush()
    assert writer.taken == [2, 1, 3]
    assert list(tmp_path.glob("*/*")) == []


def test_a_full_buffer_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming_buffer, "ROWS_MAX", 3)
    writer = Recorder()
    buffer = StreamingBuffer(tmp_path, writer)
    buffer.add(appended([1, 2]), 2)
    assert writer.taken == []
    buffer.add(appended([3], "others"), 1)
    assert writer.taken == [1, 2, 3]


def test_rows_that_cannot_be_inserted_are_kept_and_the_reader_gets_the_error(tmp_path: Path) -> None:
    writer = Recorder(failures=1)
    buffer = StreamingBuffer(tmp_path, writer)
    buffer.add(appended([1]), 1)
    with pytest.raises(duckdb.IOException, match="full"):
        buffer.flush()
    buffer.add(appended([2]), 1)
    buffer.flush()
    assert writer.taken == [1, 2]


class Full:
    """A file on an almost full disk: `write` writes a part, returns its length, and raises nothing."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, content: bytes) -> int:
        return int(self._file.write(content[:40]))

    def close(self) -> None:
        self._file.close()


def test_a_full_disk_refuses_its_rows_and_loses_no_others(tmp_path: Path) -> None:
    writer = Recorder()
    buffer = StreamingBuffer(tmp_path, writer)
    buffer.add(appended([1]), 1)
    [segment] = list(buffer._open.values())
    segment._file = cast(FileIO, Full(segment._file))
    with pytest.raises(OSError, match="no room"):
        buffer.add(appended([2]), 1)
    buffer.add(appended([3]), 1)
    StreamingBuffer(tmp_path, again := Recorder()).recover()
    assert again.taken == [1, 3]  # as after a kill here: no record follows the incomplete one
    assert list(tmp_path.glob("*/*")) == []


def test_acknowledged_rows_survive_a_kill_and_an_incomplete_record_is_ignored(tmp_path: Path) -> None:
    StreamingBuffer(tmp_path, Recorder()).add(appended([1, 2]), 2)
    [left] = tmp_path.glob("*/*")
    whole = left.read_bytes()
    left.write_bytes(whole + whole[:40])
    writer = Recorder()
    StreamingBuffer(tmp_path, writer).recover()
    assert writer.taken == [1, 2]
    assert not left.exists()


def test_a_kill_between_insert_and_delete_inserts_nothing_twice(tmp_path: Path) -> None:
    writer = Recorder()
    buffer = StreamingBuffer(tmp_path, writer)
    buffer.add(appended([1, 2]), 2)
    [left] = tmp_path.glob("*/*")
    kept = left.read_bytes()
    buffer.flush()
    left.write_bytes(kept)
    StreamingBuffer(tmp_path, writer).recover()
    assert writer.taken == [1, 2]


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


def test_the_transaction_carries_the_names_of_its_files(lake: duckdb.DuckDBPyConnection) -> None:
    writer = TableWriter(lambda: lake)
    writer.insert(PROJECT, ["b", "a's"], [appended([1]), appended([2, 3])])
    assert numbers(lake) == [1, 2, 3]
    assert writer.has_inserted(PROJECT, "a's") and writer.has_inserted(PROJECT, "b")
    assert not writer.has_inserted(PROJECT, "a")


def test_rows_of_a_dropped_table_do_not_stop_the_others(
    lake: duckdb.DuckDBPyConnection, caplog: pytest.LogCaptureFixture
) -> None:
    """As docs/pitfalls.md#16, within the local warehouse."""
    writer = TableWriter(lambda: lake)
    writer.insert(PROJECT, ["a"], [appended([1]), appended([2, 3], "gone"), appended([4])])
    assert numbers(lake) == [1, 4]
    assert "2 acknowledged rows are lost" in caplog.text
    writer.insert(PROJECT, ["b"], [appended([5], "gone")])
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
        emulator_access_token=None,
    )


def read_by_storage(warehouse: Warehouse) -> list[int]:
    """The rows of the table, by the Storage Read API."""
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


def test_rows_are_there_at_the_next_read_and_once_after_a_kill_before_it(tmp_path: Path) -> None:
    """Reads by the official clients; SIGKILL between the acknowledgement and a read."""
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
