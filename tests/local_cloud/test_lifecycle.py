"""The commands of `tipoff local` in their own processes: up, status, tick, down, kill, up again, reset."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tipoff_local.httpd import PortTaken
from tipoff_ops.local.folder import CloudFolder
from tipoff_ops.local.ports import Ports
from tipoff_ops.local.project import PROJECT_ID
from tipoff_ops.local.state import State
from tipoff_ops.local.templates import SCHEMAS_FILE, is_current
from tipoff_ops.local.token import operator_token

PATIENCE_S = 120.0
PROCESSES_BESIDE_FUNCTIONS = len(("tipoff", "BigQuery", "the host", "its router"))
COMMAND = [sys.executable, "-m", "tipoff_ops", "local"]


def said(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and all output of one command."""
    done = subprocess.run(
        [*COMMAND, *arguments, "--folder", str(folder)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    return done.returncode, done.stdout + done.stderr


def eventually(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def started(folder: Path, *flags: str) -> tuple[subprocess.Popen[bytes], State]:
    """`up` in the foreground, once it has written its state."""
    with (folder / "up.log").open("ab") as log:
        process = subprocess.Popen([*COMMAND, "up", "--folder", str(folder), *flags], stderr=log)
    place = CloudFolder(folder)
    eventually(lambda: process.poll() is not None or (folder / "state.json").exists(), "it never came up")
    return process, place.read()


def family(pid: int) -> set[int]:
    """A process and all of its descendants."""
    listing = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in listing.splitlines())}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    listing = subprocess.run(["ps", "-axo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = {int(pid) for pid, state in (line.split() for line in listing.splitlines()) if state[0] != "Z"}
    return pids & running


def landing(state: State) -> storage.Bucket:
    options = {"api_endpoint": state.variables["STORAGE_EMULATOR_HOST"]}
    client = storage.Client(
        state.variables["GOOGLE_CLOUD_PROJECT"], credentials=AnonymousCredentials(), client_options=options
    )
    return next(bucket for bucket in client.list_buckets() if "landing" in bucket.name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("cloud")
    yield place
    if CloudFolder(place).is_locked:
        os.kill(CloudFolder(place).owner_pid(), signal.SIGKILL)


def test_a_local_cloud_from_up_to_reset_leaves_nothing_but_its_data(folder: Path) -> None:
    process, state = started(folder)
    pids = family(process.pid)
    assert len(pids) == PROCESSES_BESIDE_FUNCTIONS + 1, "all functions share a process"
    _is_asked(folder, state)
    assert _healthy(folder, state) == ["analyze", "collect", "precompute", "predict_start", "reprocess"]
    _refuses_a_second_one(folder)
    landing(state).blob("kept.json").upload_from_string("{}", content_type="application/json")

    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0, (folder / "up.log").read_text()
    assert alive(pids) == set()
    assert said(folder, "status")[0] == 1

    warehouse = folder / "data" / "bigquery"
    (warehouse / SCHEMAS_FILE).write_text("older schemas")
    process, state = started(folder, "--isolate")
    assert is_current(warehouse, PROJECT_ID), "the existing warehouse was not updated to the present schemas"
    assert landing(state).blob("kept.json").download_as_bytes() == b"{}"
    pids = family(process.pid)
    assert len(pids) == PROCESSES_BESIDE_FUNCTIONS + len(state.services), "each function has a process of its own"
    process.kill()
    process.wait(PATIENCE_S)
    eventually(lambda: not alive(pids), "children outlive a killed parent")
    assert "no local cloud runs" in said(folder, "env")[1]

    assert said(folder, "reset")[0] == 0
    assert not (folder / "data").exists()


def _is_asked(folder: Path, state: State) -> None:
    code, table = said(folder, "status")
    assert code == 0
    assert table.count(" up ") == len(state.servers) == 6
    exports = dict(re.findall(r'^export (\w+)="(.*)"$', said(folder, "env")[1], re.M))
    assert exports == state.variables
    code, firings = said(folder, "tick", "--from", "2026-01-05T18:01", "--to", "2026-01-05T18:05")
    assert "UTC" in firings
    assert code == 0, firings


def _healthy(folder: Path, state: State) -> list[str]:
    """The functions that an operator may call and that answer; the token of one comes from the command line."""
    tokens = {key: operator_token(state, key) for key in state.services}
    tokens["analyze"] = said(folder, "token", "analyze")[1].strip()
    healthy = []
    for key, url in state.services.items():
        headers = {"Authorization": f"Bearer {tokens[key]}"}
        answer = urllib3.request("GET", f"{url}/health", headers=headers)
        assert answer.status in (200, 403), (key, answer.data)
        if answer.status == 200:
            healthy.append(key)
    return sorted(healthy)


def _refuses_a_second_one(folder: Path) -> None:
    for command in ("up", "reset"):
        code, words = said(folder, command)
        assert (code, "runs in" in words) == (1, True), words


ANOTHER_THREAD_CATCHES_IT = """
import signal, threading, time
from tipoff_ops.local import up

def catch():
    time.sleep(0.3)
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    time.sleep(600)

signal.signal(signal.SIGINT, up.stop_on_signal)
threading.Thread(target=catch, daemon=True).start()
up.wait_for_signal()
"""


def test_ctrl_c_works_whichever_thread_gets_the_signal() -> None:
    done = subprocess.run([sys.executable, "-c", ANOTHER_THREAD_CATCHES_IT], timeout=PATIENCE_S, check=False)
    assert done.returncode == 0


NEVER_STOPS = """
import signal, threading
from tipoff_ops.local import up

up.STOP_TIMEOUT_S = 0.3
signal.signal(signal.SIGINT, up.stop_on_signal)
threading.Timer(0.1, signal.raise_signal, args=(signal.SIGINT,)).start()
try:
    up.wait_for_signal()
finally:
    threading.Event().wait()
"""


def test_a_server_that_does_not_stop_is_named_and_not_waited_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NEVER_STOPS], timeout=PATIENCE_S, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert " in wait\n" in done.stderr, done.stderr


def test_a_taken_port_is_named_with_its_server_and_nothing_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"pubsub cannot listen: port {port}"):
            Ports(pubsub=port).check()
        # The first of ten adjacent ports; other processes may use the others.
        code, words = said(tmp_path, "up", "--port", str(port))
    assert code == 1
    assert f"storage cannot listen: port {port}" in words.replace("\n", " ")
    assert not (tmp_path / "data").exists()
