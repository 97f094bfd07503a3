"""The host's process: imports once, forks the instances of functions and the front, restarts who dies.

Nothing here may start a thread or open a channel before the forks (gRPC is not fork-safe). Each function
keeps its listening socket over a restart: callers wait in the socket's queue instead of being refused.
"""

import importlib
import importlib.util
import os
import select
import signal
import sys
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import msgspec

from tipoff_local.host.front import Front
from tipoff_local.host.instance import Place, serve
from tipoff_local.host.model import HostConfig, Instance, Ready
from tipoff_local.host.unpacked import NotOneTree, merged, unpack
from tipoff_local.httpd import PortTaken, listen
from tipoff_local.processes import report_ready

_PRELOAD = (
    "functions_framework", "msgspec", "yaml", "google.cloud.storage", "google.cloud.pubsub_v1",
    "google.cloud.bigquery", "google.cloud.bigquery_storage_v1", "google.cloud.workflows.executions_v1",
)  # fmt: skip
_RESTART_PAUSE_S = 1.0


@dataclass(frozen=True, eq=False)
class _Slot:
    """Where an instance runs, again and again: its functions' folders and sockets, and what they may import."""

    instance: Instance
    places: Mapping[str, Place]
    sources: Path

    def close(self) -> None:
        """Called in the processes of others: their sockets are none of its business."""
        for place in self.places.values():
            place.listener.close()


class Zygote:
    """Parent of the function processes; lives in a single thread."""

    def __init__(self, config: HostConfig) -> None:
        self._config = config
        self._front_socket = listen(config.port)
        folder = Path(config.folder)
        self._slots = [_slot(instance, folder) for instance in config.instances()]
        self._life_read, self._life_write = os.pipe()
        self._ready_read, self._ready_write = os.pipe()
        self._running: dict[int, _Slot] = {}
        self._front_pid = 0

    def start(self) -> Ready:
        """Forks everything and waits until every function is loaded, or one has died."""
        for name in _PRELOAD:
            if importlib.util.find_spec(name.split(".")[0]) is not None:
                importlib.import_module(name)
        if threading.active_count() != 1:
            raise RuntimeError("a preloaded module started a thread: forking would not be safe")
        for slot in self._slots:
            self._spawn(slot)
        self._front_pid = self._fork(self._run_front)
        error = self._await_loaded()
        pids = {function.name: pid for pid, slot in self._running.items() for function in slot.instance.functions}
        pids |= {"host": os.getpid(), "front": self._front_pid}
        return Ready(self._front_socket.getsockname()[1], pids, error)

    def supervise(self) -> None:
        """Restarts instances that die, until the front leaves with the parent; then ends them all."""
        while (ended := os.wait())[0] != self._front_pid:
            slot = self._running.pop(ended[0], None)
            if slot is not None:
                self._log(slot.instance, f"ended with {_ending(ended[1])}; restarting\n")
                time.sleep(0 if os.WIFSIGNALED(ended[1]) else _RESTART_PAUSE_S)
                self._spawn(slot)
        self.end()

    def end(self) -> None:
        """Terminates the children that are left, and waits for them."""
        for pid in [*self._running, self._front_pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        with suppress(ChildProcessError):
            while True:
                os.wait()

    def _spawn(self, slot: _Slot) -> None:
        self._running[self._fork(lambda: self._run(slot))] = slot

    def _fork(self, body: Callable[[], None]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                os.close(self._life_write)
                body()
            finally:
                _leave()
        return pid

    def _run(self, slot: _Slot) -> None:
        self._front_socket.close()
        for other in self._slots:
            if other is not slot:
                other.close()
        log = self._config.log(slot.instance.name)
        serve(slot.instance, slot.places, slot.sources, log, self._life_read, self._ready_write)

    def _run_front(self) -> None:
        ports: dict[str, list[int]] = defaultdict(list)
        for slot in self._slots:
            for name, place in slot.places.items():
                ports[name].append(place.listener.getsockname()[1])
            slot.close()
        Front(self._config, self._front_socket, ports).serve(self._life_read)

    def _await_loaded(self) -> str | None:
        missing = len(self._slots)
        while missing:
            readable, _, _ = select.select([self._ready_read], [], [], 0.05)
            if readable:
                missing -= len(os.read(self._ready_read, 1024))
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                return self._failure(self._running.pop(pid).instance, status)
        return None

    def _failure(self, instance: Instance, status: int) -> str:
        end = self._config.log(instance.name).read_text(errors="replace")[-2000:]
        return f"{instance.name} could not be loaded ({_ending(status)}): {end}"

    def _log(self, instance: Instance, line: str) -> None:
        with self._config.log(instance.name).open("a") as log:
            log.write(line)


def _slot(instance: Instance, folder: Path) -> _Slot:
    places = {f.name: Place(unpack(Path(f.zip), folder), listen(0)) for f in instance.functions}
    unpacked = [place.folder for place in places.values()]
    return _Slot(instance, places, unpacked[0] if len(unpacked) == 1 else merged(unpacked, folder))


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _leave() -> NoReturn:
    error = sys.exc_info()[1]
    if error is not None:
        sys.excepthook(type(error), error, error.__traceback__)
    sys.stderr.flush()
    os._exit(0 if error is None else 1)


def main() -> None:
    """Reads the configuration from standard input, answers Ready, supervises."""
    # Unbuffered: the rest of the pipe belongs to the front, which watches for its end.
    line = bytearray()
    while not line.endswith(b"\n"):
        line += os.read(0, 65_536)
    config = msgspec.json.decode(bytes(line), type=HostConfig)
    try:
        zygote = Zygote(config)
    except (PortTaken, OSError, zipfile.BadZipFile, NotOneTree) as error:
        report_ready(msgspec.json.encode(Ready(error=str(error))).decode())
        return
    ready = zygote.start()
    report_ready(msgspec.json.encode(ready).decode())
    if ready.error is None:
        zygote.supervise()
    else:
        zygote.end()


if __name__ == "__main__":
    main()
