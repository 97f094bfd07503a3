"""The handle of the function host: starts its process, knows its URL, stops it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tipoff_local.host.model import HostConfig, HostedFunction, Ready
from tipoff_local.identity import Identity
from tipoff_local.processes import Child, ChildFailed


class FunctionHost:
    """Runs functions in processes forked from one that has imported the client libraries.

    folder: unpacked zips and logs; below the identity's folder unless told otherwise.
    isolate: whether each function has a process of its own, with its memory limit and its log
    (`logs/<service>.log`), or all share one (`logs/functions.log`), which is smaller and starts sooner.
    """

    def __init__(
        self, functions: Sequence[HostedFunction], identity: Identity, port: int = 0, *,
        folder: Path | None = None, isolate: bool = True,
    ) -> None:  # fmt: skip
        self._folder = folder or identity.folder / "host"
        self._config = HostConfig(list(functions), str(identity.folder), str(self._folder), port, isolate)
        self._child: Child | None = None
        self._ready = Ready()

    @property
    def url(self) -> str:
        """Base URL; a function's is `<url>/<service>`."""
        return f"http://127.0.0.1:{self._ready.port}"

    @property
    def pids(self) -> Mapping[str, int]:
        """First process id of each function by name (one for all that share it), and of `host` and `front`."""
        return self._ready.pids

    def log(self, service: str) -> str:
        """What a function has written so far, or all that share its process."""
        path = self._config.log(service)
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Returns when every function is loaded; ChildFailed with the log's end if one cannot be."""
        # A single import thread and arena keeps the forked memory small.
        env = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        self._child = Child("tipoff_local.host.zygote", [], env, self._folder / "logs" / "host.log")
        self._child.send(msgspec.json.encode(self._config) + b"\n")
        self._ready = msgspec.json.decode(self._child.ready_line(), type=Ready)
        if self._ready.error is not None:
            self.stop()
            raise ChildFailed(self._ready.error)

    def stop(self) -> None:
        """Ends every process."""
        if self._child is not None:
            self._child.stop()
            self._child = None
