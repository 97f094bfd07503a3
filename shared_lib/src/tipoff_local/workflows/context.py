"""What the world gives to a running execution: identity, clock, other workflows, topics, and the order to stop."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tipoff_local.workflows.errors import Interrupted
from tipoff_local.workflows.values import Value

type Publish = Callable[[str, bytes, dict[str, str]], str | None]


class Signer(Protocol):
    """Makes identity tokens; `tipoff_local.identity.Identity` is one."""

    def sign(self, audience: str, email: str) -> str:
        """A JWT for `email`, meant for `audience`."""
        ...


class Token:
    """The order to stop: set once, by cancellation or by the server's shutdown."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._cancelled = False

    def stop(self, *, cancelled: bool) -> None:
        """Stop the execution at its next step or within a wait."""
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
    """Time as executions see it, with waits multiplied by `scale` (0 does not wait at all).

    `told_s` is what `sys.now` answers; a clock that stands still there does not stop waits, which are real.
    """

    scale: float = 1.0
    told_s: Callable[[], float] = time.time

    def now(self) -> float:
        """Seconds since the epoch, as told."""
        return self.told_s()

    def wait_until(self, real_s: float, token: Token) -> None:
        """Wait for an instant of the machine's clock, scaled."""
        token.wait(max(0.0, real_s - time.time()) * self.scale)

    def wait_until_told(self, instant_s: float, token: Token) -> None:
        """Wait as long as it is from now, as told, to an instant, scaled."""
        token.wait(max(0.0, instant_s - self.told_s()) * self.scale)


@dataclass(frozen=True, slots=True)
class ChildOutcome:
    """How a child execution ended: `resource` is its Execution as a map, `result` its value if it succeeded."""

    succeeded: bool
    result: Value
    resource: Value


class Services(Protocol):
    """The engine's neighbours."""

    signer: Signer
    clock: Clock

    @property
    def publish(self) -> Publish | None:
        """Publishes a message, where there is a Pub/Sub."""
        ...

    def start_child(self, key: str, workflow: str, argument: Value) -> str:
        """Start (or find, if `key` was used before) an execution of a workflow by resource name; returns its name.

        Raises:
            LookupError: no such workflow.
        """
        ...

    def describe_child(self, execution: str) -> Value:
        """The Execution resource as a map."""
        ...

    def await_child(self, execution: str, seconds: float, token: Token) -> ChildOutcome:
        """Wait for its end.

        Raises:
            TimeoutError: it still runs after `seconds`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What an execution is: its resource name, environment variables and service account."""

    name: str
    env: Mapping[str, str]
    service_account: str


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a function of the standard library gets beside its arguments.

    `key` is unique to this call and the same after a restart; `started_s` is when it was first attempted.
    """

    setting: Setting
    services: Services
    token: Token
    key: str
    started_s: float
