"""Counts requests, the time of instances by CPU and memory, and log bytes, as Cloud Run bills them.

https://cloud.google.com/run/pricing, request-based billing: an instance is billed while it answers at least one
request, in steps of 100 ms. Requests that run at the same time on an instance share its time.
"""

import math
import threading
import time
from pathlib import Path

import msgspec

from tipoff_local.host.model import HostedFunction
from tipoff_local.http1 import Request
from tipoff_local.usage import REQUEST_LOG_BYTES, UsageLog, last_part

BILLED_STEP_S = 0.1
GIB = 2**30


class _Push(msgspec.Struct):
    subscription: str = ""


class LogFile:
    """The log of all processes of a function."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new_bytes(self) -> int:
        """Bytes that were written since the last call."""
        size = self._path.stat().st_size if self._path.exists() else 0
        new, self._read = size - self._read, size
        return new


class InstanceUsage:
    """The usage of one process of a function. The time of requests that overlap is that of the last one's cause."""

    def __init__(self, function: HostedFunction, log_file: LogFile, usage: UsageLog) -> None:
        self._function = function
        self._log_file = log_file
        self._usage = usage
        self._lock = threading.Lock()
        self._running = 0
        self._since_s = 0.0

    def begin(self) -> None:
        """A request starts."""
        with self._lock:
            if not self._running:
                self._since_s = time.monotonic()
            self._running += 1

    def end(self, cause: str) -> None:
        """A request ends."""
        with self._lock:
            self._running -= 1
            seconds = 0.0 if self._running else _billed(time.monotonic() - self._since_s)
        self._usage.add(
            cause, self._function.service, requests=1, vcpu_seconds=round(seconds * self._function.cpu, 3),
            gib_seconds=round(seconds * self._function.memory_bytes / GIB, 3),
            log_bytes=self._log_file.new_bytes() + REQUEST_LOG_BYTES,
        )  # fmt: skip


def _billed(seconds: float) -> float:
    return math.ceil(seconds / BILLED_STEP_S) * BILLED_STEP_S


def cause_of(request: Request) -> str:
    """What sent the request, as deployed: a subscription, or a workflow by the first word of its user agent."""
    if request.headers.get("user-agent", "").startswith("CloudPubSub-Google"):
        try:
            return last_part(msgspec.json.decode(request.body, type=_Push).subscription)
        except msgspec.DecodeError:
            return ""  # no push; the function refuses it
    agent, _, rest = request.headers.get("user-agent", "").partition(" ")
    return agent if rest.startswith("GoogleCloudWorkflows") else ""
