"""The warehouse as a child process: its ports are its own, its data survive a restart, and it ends with its parent."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tipoff_local.bigquery import Warehouse, install_extensions
from tipoff_local.processes import ChildFailed

PARENT = """
import sys, time
from pathlib import Path
from tipoff_local.bigquery import Warehouse
warehouse = Warehouse(Path(sys.argv[1]), "tipoff-tests")
warehouse.start()
print(warehouse.pid, flush=True)
time.sleep(60)
"""


def query(warehouse: Warehouse, sql: str) -> list[tuple[object, ...]]:
    client = bigquery.Client(
        "tipoff-tests",
        AnonymousCredentials(),
        client_options={"api_endpoint": warehouse.rest_url},
    )
    return [tuple(row.values()) for row in client.query_and_wait(sql)]


def test_data_survive_a_restart_and_two_warehouses_are_independent(tmp_path: Path) -> None:
    first, other = Warehouse(tmp_path / "a", "tipoff-tests"), Warehouse(tmp_path / "b", "tipoff-tests")
    first.start()
    other.start()
    assert len({first.rest_url, other.rest_url, first.grpc_address, other.grpc_address}) == 4
    query(first, "CREATE SCHEMA nba_raw; CREATE TABLE nba_raw.t AS SELECT DATE '2025-01-01' AS game_date")
    with pytest.raises(NotFound):
        query(other, "SELECT 1 FROM nba_raw.t")
    other.stop()
    first.stop()
    first.start()
    assert query(first, "SELECT FORMAT_DATE('%F', game_date) FROM nba_raw.t") == [("2025-01-01",)]
    taken = int(first.rest_url.rsplit(":", 1)[1])
    with pytest.raises(ChildFailed, match="taken|in use"):
        Warehouse(tmp_path / "c", "tipoff-tests", rest_port=taken).start()
    first.stop()


def test_a_stopped_warehouse_can_be_copied_and_moved_with_its_deleted_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckLake refuses a catalogue that names another folder, and the child of a refused start ends."""
    first = Warehouse(tmp_path / "first", "tipoff-tests", threads=1)
    first.start()
    query(first, "CREATE SCHEMA nba_raw; CREATE TABLE nba_raw.t AS SELECT n FROM UNNEST([1, 2, 3]) AS n")
    query(first, "DELETE FROM nba_raw.t WHERE n = 2")
    first.stop()
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    (tmp_path / "first").rename(tmp_path / "moved")
    with monkeypatch.context() as patched, pytest.raises(ChildFailed, match="DATA_PATH"):
        patched.setattr("tipoff_local.bigquery.warehouse.record_data_path", lambda _: None)
        Warehouse(tmp_path / "copy", "tipoff-tests").start()
    for name in ("copy", "moved"):
        warehouse = Warehouse(tmp_path / name, "tipoff-tests", threads=1)
        warehouse.start()
        query(warehouse, "DELETE FROM nba_raw.t WHERE n = 3")
        assert query(warehouse, "SELECT n FROM nba_raw.t") == [(1,)]
        warehouse.stop()


def test_the_child_ends_with_a_killed_parent(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    end = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < end, "the child still runs"
        time.sleep(0.05)


def test_extensions_are_installed_once_into_their_own_folder(tmp_path: Path) -> None:
    install_extensions(tmp_path)
    installed = {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.duckdb_extension")}
    names = {"icu", "ducklake", "httpfs", "spatial"}
    assert set(installed) == {f"{name}.duckdb_extension" for name in names}
    install_extensions(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.duckdb_extension")} == installed


def _runs(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")
