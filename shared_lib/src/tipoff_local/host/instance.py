"""A function's own process: its environment, its modules, its log, functions-framework, a memory limit."""

import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path

from functions_framework import create_app

from tipoff_local.host.model import HostedFunction, environment
from tipoff_local.host.wsgi import handler
from tipoff_local.httpd import HttpServer
from tipoff_local.processes import exit_at_end_of, replace_environment

_OUR_SOURCES = Path(__file__).resolve().parents[2]
_LOOK_EVERY_S = 0.5


def serve(function: HostedFunction, folder: Path, listener: socket.socket, log: Path, life: int, ready: int) -> None:
    """Loads main.py from the unpacked zip and serves it until the pipe `life` closes.

    Writes one byte to `ready` once loaded. An error while loading ends the process, its traceback in `log`.
    """
    _redirect_output(log)
    replace_environment({**environment(function), "PORT": str(listener.getsockname()[1])})
    os.chdir(folder)
    # What the zip forgot to bring must be missing here too: our own source tree is not on the path.
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry and not _is_ours(entry))]
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    app = create_app(function.target, str(folder / "main.py"), "http")  # type: ignore[no-untyped-call]
    HttpServer(handler(app), listener=listener).start()
    exit_at_end_of(life)
    os.write(ready, b".")
    _watch_memory(function)


def _watch_memory(function: HostedFunction) -> None:
    limit = function.memory_bytes
    while peak_memory_bytes() <= limit:
        threading.Event().wait(_LOOK_EVERY_S)
    sys.stderr.write(f"Memory limit of {function.memory} exceeded.\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def peak_memory_bytes() -> int:
    """The most memory that this process has had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _redirect_output(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for output in (1, 2):
        os.dup2(descriptor, output)
    os.close(descriptor)


def _is_ours(entry: str) -> bool:
    return Path(entry).resolve() == _OUR_SOURCES
