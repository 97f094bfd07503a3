"""Starts and stops the process of the function host."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tipoff_local.host.model import HostConfig, HostedFunction, Ready
from tipoff_local.identity import Identity
from tipoff_local.processes import Child, ChildFailed

# "Requests will pend for up to 10 seconds" (https://cloud.google.com/run/docs/about-instance-autoscaling).
PENDING_S = 10.0


class FunctionHost:
    """Runs functions in processes that are forked from one that has imported the client libraries.

    Args:
        folder: keeps unpacked zips and logs; by default `host` in the identity's folder.
        isolate: True gives each function a process of its own, with its memory limit and its log
            (`logs/<service>.log`). False runs all functions in one process with one log (`logs/functions.log`),
            which needs less memory and starts sooner.
        pending_s: how long a request waits while as many others are in as Cloud Run lets in.
        enforces: True if the policy in the identity's folder decides who may call, instead of `invokers`.
        usage_folder: where the usage log is kept; None keeps none.
    """

    def __init__(
        self, functions: Sequence[HostedFunction], identity: Identity, port: int = 0, *,
        folder: Path | None = None, isolate: bool = True, pending_s: float = PENDING_S, enforces: bool = False,
        usage_folder: Path | None = None,
    ) -> None:  # fmt: skip
        self._folder = folder or identity.folder / "host"
        self._config = HostConfig(
            list(functions),
            str(identity.folder),
            str(self._folder),
            port,
            isolate,
            pending_s,
            enforces,
            str(usage_folder or ""),
        )
        self._child: Child | None = None
        self._ready = Ready()

    @property
    def url(self) -> str:
        """Base URL; a function's is `<url>/<service>`."""
        return f"http://127.0.0.1:{self._ready.port}"

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids: the first one of each function by name, and those of `host` and `router`."""
        return self._ready.pids

    def log(self, service: str) -> str:
        """The log of the process that runs a function, so far."""
        path = self._config.log(service)
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start, and return when every function is loaded.

        Raises:
            ChildFailed: a function could not be loaded; the message carries the end of its log.
        """
        # One thread per numeric library and two malloc arenas keep the memory of each fork small.
        env = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        self._child = Child("tipoff_local.host.zygote", [], env, self._folder / "logs" / "host.log")
        self._child.send(msgspec.json.encode(self._config) + b"\n")
        self._ready = msgspec.json.decode(self._child.ready_line(), type=Ready)
        if self._ready.error is not None:
            self.stop()
            raise ChildFailed(self._ready.error)

    def stop(self) -> None:
        """End every process."""
        if self._child is not None:
            self._child.stop()
            self._child = None
