"""What a running execution uses: identity, clock, other workflows, topics, and the signal to stop."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tipoff_local.iam.access import Access, Caller
from tipoff_local.workflows.language.errors import Interrupted
from tipoff_local.workflows.language.values import Value

type Publish = Callable[[str, bytes, dict[str, str]], str | None]


class Signer(Protocol):
    """Makes identity tokens; `tipoff_local.identity.Identity` is one."""

    def sign(self, audience: str, email: str) -> str:
        """A JWT of `email` for `audience`."""
        ...


class StopToken:
    """The signal to stop an execution: set once, by cancellation or by the server's shutdown."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._cancelled = False

    def stop(self, *, cancelled: bool) -> None:
        """Stop the execution at its next step, or in the middle of a wait."""
        self._cancelled = self._cancelled or cancelled
        self._event.set()

    def check(self) -> None:
        """Raise Interrupted if the execution has to stop."""
        if self._event.is_set():
            raise Interrupted(cancelled=self._cancelled)

    def wait(self, seconds: float) -> None:
        """Sleep, or raise Interrupted as soon as the execution has to stop."""
        self._event.wait(seconds)
        self.check()


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as executions see it.

    Attributes:
        scale: factor of all waits; 0 does not wait at all.
        now_s: what `sys.now` answers. Waits use real time even if this clock is stopped.
    """

    scale: float = 1.0
    now_s: Callable[[], float] = time.time

    def now(self) -> float:
        """Seconds since the epoch by `now_s`."""
        return self.now_s()

    def wait_until(self, real_s: float, token: StopToken) -> None:
        """Wait until an instant of the machine's clock; the wait is scaled."""
        token.wait(max(0.0, real_s - time.time()) * self.scale)

    def wait_until_instant(self, instant_s: float, token: StopToken) -> None:
        """Wait for the time from `now` to an instant; the wait is scaled."""
        token.wait(max(0.0, instant_s - self.now_s()) * self.scale)


@dataclass(frozen=True, slots=True)
class ChildOutcome:
    """How a child execution ended: `resource` is its Execution as a map, `result` its value if it succeeded."""

    succeeded: bool
    result: Value
    resource: Value


class Services(Protocol):
    """The services that an execution uses."""

    signer: Signer
    clock: Clock
    access: Access

    @property
    def publish(self) -> Publish | None:
        """Publishes a message; None without Pub/Sub."""
        ...

    def start_child(self, key: str, workflow: str, argument: Value) -> str:
        """Start an execution of a workflow by resource name, or find the one that `key` started; returns its name.

        Raises:
            LookupError: no such workflow.
        """
        ...

    def describe_child(self, execution: str) -> Value:
        """The Execution resource as a map."""
        ...

    def await_child(self, execution: str, seconds: float, token: StopToken) -> ChildOutcome:
        """Wait for the end of a child execution.

        Raises:
            TimeoutError: it still runs after `seconds`.
        """
        ...


@dataclass(frozen=True, slots=True)
class ExecutionInfo:
    """The resource name, environment variables and service account of an execution."""

    name: str
    env: Mapping[str, str]
    service_account: str

    @property
    def caller(self) -> Caller:
        """The service account as a caller."""
        return Caller(f"serviceAccount:{self.service_account}")


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a function of the standard library gets in addition to its arguments.

    `key` is unique to this call and the same after a restart; `started_s` is when it was first attempted.
    """

    info: ExecutionInfo
    services: Services
    token: StopToken
    key: str
    started_s: float
