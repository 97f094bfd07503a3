"""Each zip of dist/ under functions-framework's own gunicorn, with the environment of the plan.

The gate holds the variables of the plan equal to those that the resolver derives (`function_variables`).
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.support.ports import free_port

from tipoff_local import mesh as meshes
from tipoff_local.http1 import Client, Disconnected
from tipoff_ops.local.project import PROJECT_ID, PROJECT_NUMBER

ROOT = Path(__file__).resolve().parents[3]
FUNCTIONS = meshes.resolve(meshes.load(ROOT / "terraform" / "mesh.yaml"), PROJECT_ID, PROJECT_NUMBER, "dev").functions
START_S = 30.0
# A request that waits for a thread gets no answer in this time, and would get none later: no other request ends.
WAITING_S = 0.5


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same path for each zip, so that modules of the same content are compiled once."""
    path = tmp_path_factory.getbasetemp() / "function"
    path.mkdir()
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("key", sorted(FUNCTIONS))
def test_a_zip_starts_and_serves_as_many_requests_at_once_as_cloud_run_sends(key: str, folder: Path) -> None:
    """Without THREADS it serves four for each processor, and Cloud Run sends `concurrency` all the same."""
    concurrency = FUNCTIONS[key].declared.concurrency
    with served(key, folder) as port, ExitStack() as stack:
        assert health(port, START_S) == 200
        path = route(folder / "main.py")
        running = [stack.enter_context(begun(port, path)) for _ in range(concurrency - 1)]
        assert health(port, START_S) == 200  # a free thread answers in milliseconds, on a busy machine in seconds
        running.append(stack.enter_context(begun(port, path)))
        assert health(port, WAITING_S) is None
        for request in running:
            request.sendall(b"x")
        assert {status(request) for request in running} == {400}


@contextmanager
def served(key: str, folder: Path) -> Iterator[int]:
    """A zip as the runtime of Cloud Run functions starts it; the port that it listens on."""
    manifest = msgspec.json.decode((ROOT / "dist" / "manifest.json").read_bytes())
    unpack(ROOT / manifest["functions"][key]["zip"], folder)
    port = free_port()
    env = dict(FUNCTIONS[key].env) | {
        "PORT": str(port), "FUNCTION_TARGET": "main", "PATH": os.environ["PATH"],
        "PYTHONPYCACHEPREFIX": str(folder.with_name("compiled")),
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "functions_framework"]
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        wait_until_it_listens(port, process, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip. Modules that zips share get one time, by which Python finds what it has compiled."""
    zipfile.ZipFile(archive).extractall(folder)
    for module in (folder / "tipoff").rglob("*.py"):
        os.utime(module, (0, 0))


def wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(log.read_text(errors="replace"))


def route(main: Path) -> str:
    """A path whose request the function reads: that of its first route, or the root for messages only."""
    found = re.search(r'Route\("POST", "([^"]+)"', main.read_text(encoding="utf-8"))
    return found.group(1) if found else "/"


@contextmanager
def begun(port: int, path: str) -> Iterator[socket.socket]:
    """A request whose body has not come yet: it keeps its thread until it does."""
    with socket.create_connection(("127.0.0.1", port), START_S) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n".encode())
        yield connection


def status(connection: socket.socket) -> int:
    with connection.makefile("rb") as stream:
        return int(stream.readline().split()[1])


def health(port: int, wait_s: float) -> int | None:
    """The status of /health, or None without an answer in time."""
    client = Client(f"http://127.0.0.1:{port}", wait_s)
    try:
        return client.request("GET", "/health", {}, b"").status
    except (TimeoutError, Disconnected):
        return None
    finally:
        client.close()
