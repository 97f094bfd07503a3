"""The host's process: imports the libraries once, forks the processes of functions and the router, and restarts them.

A zygote is a process that others are forked from after it has imported what they share (the term is Android's). It
makes each of them start fast and share memory. Nothing here may start a thread or open a channel before the forks,
because gRPC is not fork-safe. Each function keeps its listening socket over a restart, so callers wait in the
socket's queue instead of being refused.
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

from tipoff_local.host.archives import ConflictingFiles, merge, unpack
from tipoff_local.host.instance import FunctionEndpoint, serve
from tipoff_local.host.model import HostConfig, Instance, Ready
from tipoff_local.host.router import Router
from tipoff_local.httpd import PortTaken, listen
from tipoff_local.processes import report_ready

_PRELOAD = (
    "functions_framework", "msgspec", "yaml", "google.cloud.storage", "google.cloud.pubsub_v1",
    "google.cloud.bigquery", "google.cloud.bigquery_storage_v1", "google.cloud.workflows.executions_v1",
)  # fmt: skip
_RESTART_PAUSE_S = 1.0


@dataclass(frozen=True, eq=False)
class _Worker:
    """A process of functions: their endpoints, and the folder that they import from. It survives restarts."""

    instance: Instance
    endpoints: Mapping[str, FunctionEndpoint]
    sources: Path

    def close(self) -> None:
        """Close the sockets; called in the other processes, which must not hold them open."""
        for endpoint in self.endpoints.values():
            endpoint.listener.close()


class Zygote:
    """Parent of the function processes and of the router; runs in a single thread."""

    def __init__(self, config: HostConfig) -> None:
        self._config = config
        self._router_socket = listen(config.port)
        folder = Path(config.folder)
        self._workers = [_worker(instance, folder) for instance in config.instances()]
        self._alive_read, self._alive_write = os.pipe()
        self._ready_read, self._ready_write = os.pipe()
        self._running: dict[int, _Worker] = {}
        self._router_pid = 0

    def start(self) -> Ready:
        """Fork every process and wait until every function is loaded, or one of the processes has ended."""
        for name in _PRELOAD:
            if importlib.util.find_spec(name.split(".")[0]) is not None:
                importlib.import_module(name)
        if threading.active_count() != 1:
            raise RuntimeError("a preloaded module started a thread: forking would not be safe")
        for worker in self._workers:
            self._spawn(worker)
        self._router_pid = self._fork(self._run_router)
        error = self._await_loaded()
        pids = {function.name: pid for pid, worker in self._running.items() for function in worker.instance.functions}
        pids |= {"host": os.getpid(), "router": self._router_pid}
        return Ready(self._router_socket.getsockname()[1], pids, error)

    def supervise(self) -> None:
        """Restart processes that end, until the router exits with the parent; then end all of them."""
        while (ended := os.wait())[0] != self._router_pid:
            worker = self._running.pop(ended[0], None)
            if worker is not None:
                self._log(worker.instance, f"ended with {_ending(ended[1])}; restarting\n")
                time.sleep(0 if os.WIFSIGNALED(ended[1]) else _RESTART_PAUSE_S)
                self._spawn(worker)
        self.end()

    def end(self) -> None:
        """Terminate the remaining children and wait for them."""
        for pid in [*self._running, self._router_pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        with suppress(ChildProcessError):
            while True:
                os.wait()

    def _spawn(self, worker: _Worker) -> None:
        self._running[self._fork(lambda: self._run(worker))] = worker

    def _fork(self, body: Callable[[], None]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                os.close(self._alive_write)
                body()
            finally:
                _leave()
        return pid

    def _run(self, worker: _Worker) -> None:
        self._router_socket.close()
        for other in self._workers:
            if other is not worker:
                other.close()
        log = self._config.log(worker.instance.name)
        serve(worker.instance, worker.endpoints, worker.sources, log, self._alive_read, self._ready_write)

    def _run_router(self) -> None:
        ports: dict[str, list[int]] = defaultdict(list)
        for worker in self._workers:
            for name, endpoint in worker.endpoints.items():
                ports[name].append(endpoint.listener.getsockname()[1])
            worker.close()
        Router(self._config, self._router_socket, ports).serve(self._alive_read)

    def _await_loaded(self) -> str | None:
        missing = len(self._workers)
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


def _worker(instance: Instance, folder: Path) -> _Worker:
    endpoints = {f.name: FunctionEndpoint(unpack(Path(f.zip), folder), listen(0)) for f in instance.functions}
    unpacked = [endpoint.folder for endpoint in endpoints.values()]
    return _Worker(instance, endpoints, unpacked[0] if len(unpacked) == 1 else merge(unpacked, folder))


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
    """Read the configuration from standard input, report Ready, and supervise."""
    # Unbuffered: the rest of the pipe belongs to the router, which watches for its end.
    line = bytearray()
    while not line.endswith(b"\n"):
        line += os.read(0, 65_536)
    config = msgspec.json.decode(bytes(line), type=HostConfig)
    try:
        zygote = Zygote(config)
    except (PortTaken, OSError, zipfile.BadZipFile, ConflictingFiles) as error:
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
