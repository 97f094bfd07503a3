"""A process of functions: its environment, its modules, its log, functions-framework; for one alone a memory limit."""

import faulthandler
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from functions_framework import create_app

from tipoff_local.host.model import HostedFunction, Instance, environment, shared_environment
from tipoff_local.host.wsgi import Application, handler
from tipoff_local.httpd import HttpServer
from tipoff_local.processes import exit_at_end_of, replace_environment

_OUR_SOURCES = Path(__file__).resolve().parents[2]
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Place:
    """Where a function's unpacked zip lies, and the socket that it is called at."""

    folder: Path
    listener: socket.socket


def serve(instance: Instance, places: Mapping[str, Place], sources: Path, log: Path, life: int, ready: int) -> None:
    """Loads each main.py from its unpacked zip and serves it on its listener until the pipe `life` closes.

    Args:
        places: by function name.
        sources: what the functions may import: the unpacked zip of one, or what those of several hold together.

    A function sees its whole environment while it is loaded; where several share a process, only the variables on
    which all agree are left to their requests: a name that is read too late is missing, not another function's.
    Writes one byte to `ready` once all are loaded. An error while loading ends the process, its traceback in `log`.
    """
    _redirect_output(log)
    faulthandler.enable()  # a crash in a library says where, in the log
    # What the zip forgot to bring must be missing here too: our own source tree is not on the path.
    sys.path[:] = [str(sources), *(entry for entry in sys.path if entry and not _is_ours(entry))]
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    applications = [_load(function, places[function.name]) for function in instance.functions]
    replace_environment(shared_environment(instance.functions))
    for application, function in zip(applications, instance.functions, strict=True):
        HttpServer(handler(application), listener=places[function.name].listener).start()
    exit_at_end_of(life)
    os.write(ready, b".")
    if len(instance.functions) == 1:
        _watch_memory(instance.functions[0])
    threading.Event().wait()


def _load(function: HostedFunction, place: Place) -> Application:
    replace_environment({**environment(function), "PORT": str(place.listener.getsockname()[1])})
    os.chdir(place.folder)
    application: Application = create_app(function.target, str(place.folder / "main.py"), "http")  # type: ignore[no-untyped-call]
    return application


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
