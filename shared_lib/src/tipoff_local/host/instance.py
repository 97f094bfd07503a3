"""A process that serves functions with functions-framework: its environment, its modules and its log.

A process with a single function also has a memory limit.
"""

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
from tipoff_local.processes import exit_when_closed, replace_environment

_OUR_SOURCES = Path(__file__).resolve().parents[2]
_MEMORY_CHECK_S = 0.5


@dataclass(frozen=True)
class FunctionEndpoint:
    """The folder of a function's unpacked zip, and the socket that it listens on."""

    folder: Path
    listener: socket.socket


def serve(
    instance: Instance,
    endpoints: Mapping[str, FunctionEndpoint],
    sources: Path,
    log: Path,
    host_pipe: int,
    ready_pipe: int,
) -> None:
    """Load each main.py from its unpacked zip and serve it on its listener until `host_pipe` closes.

    A function sees its whole environment while it is loaded. If several functions share the process, their requests
    see only the variables on which all of them agree. A variable that is read too late is then missing, instead of
    being another function's.

    An error while loading ends the process; the traceback is in `log`.

    Args:
        endpoints: by function name.
        sources: the folder that functions import from: one unpacked zip, or the merged contents of several.
        log: file that receives standard output and standard error.
        ready_pipe: receives one byte once all functions are loaded.
    """
    _redirect_output(log)
    faulthandler.enable()  # a crash in a library says where, in the log
    # Our own source tree is not on the path: what is missing from the zip must be missing here too.
    sys.path[:] = [str(sources), *(entry for entry in sys.path if entry and not _is_ours(entry))]
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    applications = [_load(function, endpoints[function.name]) for function in instance.functions]
    replace_environment(shared_environment(instance.functions))
    for application, function in zip(applications, instance.functions, strict=True):
        HttpServer(handler(application), listener=endpoints[function.name].listener).start()
    exit_when_closed(host_pipe)
    os.write(ready_pipe, b".")
    if len(instance.functions) == 1:
        _watch_memory(instance.functions[0])
    threading.Event().wait()


def _load(function: HostedFunction, endpoint: FunctionEndpoint) -> Application:
    replace_environment({**environment(function), "PORT": str(endpoint.listener.getsockname()[1])})
    os.chdir(endpoint.folder)
    application: Application = create_app(function.target, str(endpoint.folder / "main.py"), "http")  # type: ignore[no-untyped-call]
    return application


def _watch_memory(function: HostedFunction) -> None:
    limit = function.memory_bytes
    while peak_memory_bytes() <= limit:
        threading.Event().wait(_MEMORY_CHECK_S)
    sys.stderr.write(f"Memory limit of {function.memory} exceeded.\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def peak_memory_bytes() -> int:
    """The largest resident memory of this process so far."""
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
