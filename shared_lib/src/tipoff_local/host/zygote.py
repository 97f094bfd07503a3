"""The host's process: imports once, forks one child per function and one for the front, restarts who dies.

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
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import msgspec

from tipoff_local.host.front import Front
from tipoff_local.host.instance import serve
from tipoff_local.host.model import HostConfig, HostedFunction, Ready
from tipoff_local.httpd import PortTaken, listen
from tipoff_local.processes import report_ready

_PRELOAD = (
    "functions_framework", "msgspec", "yaml", "google.cloud.storage", "google.cloud.pubsub_v1",
    "google.cloud.bigquery", "google.cloud.bigquery_storage_v1", "google.cloud.workflows.executions_v1",
)  # fmt: skip
_RESTART_PAUSE_S = 1.0


class Zygote:
    """Parent of the function processes; lives in a single thread."""

    def __init__(self, config: HostConfig) -> None:
        self._config = config
        self._front_socket = listen(config.port)
        self._sockets = {function.name: listen(0) for function in config.functions}
        self._folders = {f.name: unpack(Path(f.zip), Path(config.folder)) for f in config.functions}
        self._life_read, self._life_write = os.pipe()
        self._ready_read, self._ready_write = os.pipe()
        self._running: dict[int, HostedFunction] = {}
        self._front_pid = 0

    def start(self) -> Ready:
        """Forks everything and waits until every function is loaded, or one has died."""
        for name in _PRELOAD:
            if importlib.util.find_spec(name.split(".")[0]) is not None:
                importlib.import_module(name)
        if threading.active_count() != 1:
            raise RuntimeError("a preloaded module started a thread: forking would not be safe")
        for function in self._config.functions:
            self._spawn(function)
        self._front_pid = self._fork(self._run_front)
        error = self._await_loaded()
        pids = {function.name: pid for pid, function in self._running.items()}
        pids |= {"host": os.getpid(), "front": self._front_pid}
        return Ready(self._front_socket.getsockname()[1], pids, error)

    def supervise(self) -> None:
        """Restarts functions that die, until the front leaves with the parent; then ends them all."""
        while (ended := os.wait())[0] != self._front_pid:
            function = self._running.pop(ended[0], None)
            if function is not None:
                self._log(function, f"ended with {_ending(ended[1])}; restarting\n")
                time.sleep(0 if os.WIFSIGNALED(ended[1]) else _RESTART_PAUSE_S)
                self._spawn(function)
        self.end()

    def end(self) -> None:
        """Terminates the children that are left, and waits for them."""
        for pid in [*self._running, self._front_pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        with suppress(ChildProcessError):
            while True:
                os.wait()

    def _spawn(self, function: HostedFunction) -> None:
        self._running[self._fork(lambda: self._run_function(function))] = function

    def _fork(self, body: Callable[[], None]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                os.close(self._life_write)
                body()
            finally:
                _leave()
        return pid

    def _run_function(self, function: HostedFunction) -> None:
        log = self._config.log(function.service)
        own = self._sockets[function.name]
        for other in [self._front_socket, *(s for s in self._sockets.values() if s is not own)]:
            other.close()
        serve(function, self._folders[function.name], own, log, self._life_read, self._ready_write)

    def _run_front(self) -> None:
        ports = {name: listener.getsockname()[1] for name, listener in self._sockets.items()}
        for listener in self._sockets.values():
            listener.close()
        Front(self._config, self._front_socket, ports).serve(self._life_read)

    def _await_loaded(self) -> str | None:
        missing = len(self._config.functions)
        while missing:
            readable, _, _ = select.select([self._ready_read], [], [], 0.05)
            if readable:
                missing -= len(os.read(self._ready_read, 1024))
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                return self._failure(self._running.pop(pid), status)
        return None

    def _failure(self, function: HostedFunction, status: int) -> str:
        end = self._config.log(function.service).read_text(errors="replace")[-2000:]
        return f"{function.name} could not be loaded ({_ending(status)}): {end}"

    def _log(self, function: HostedFunction, line: str) -> None:
        with self._config.log(function.service).open("a") as log:
            log.write(line)


def unpack(archive: Path, folder: Path) -> Path:
    """The folder of a zip's contents, named by content: unpacked once, whole or not at all."""
    digest = sha256(archive.read_bytes()).hexdigest()[:16]
    target = folder / "unpacked" / f"{archive.stem}-{digest}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(partial)
        partial.rename(target)
    return target


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
    except (PortTaken, OSError, zipfile.BadZipFile) as error:
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
