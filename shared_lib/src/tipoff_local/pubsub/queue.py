"""The queue of one subscription: waiting and leased deliveries, and when a failed delivery is due again.

The clock is passed in (seconds of a monotonic clock), so tests need not wait.
deliveryAttempt = 1 + NACKs + deadline expiries.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A published message; `id` is unique in the server."""

    id: int
    data: bytes
    attributes: dict[str, str]
    published_at: datetime


@dataclass(slots=True)
class Delivery:
    """A message for one subscription; `failures` counts NACKs and expired deadlines."""

    message: Message
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """How a subscription redelivers failed messages.

    Attributes:
        min_backoff_s: None without a retry policy: a failed message is due at once.
        max_attempts: None without a dead-letter policy.
    """

    ack_deadline_s: float
    min_backoff_s: float | None = None
    max_backoff_s: float = 600.0
    max_attempts: int | None = None

    def backoff_s(self, failures: int) -> float:
        """Exponential between the bounds: min, 2 min, 4 min, ... max."""
        if self.min_backoff_s is None:
            return 0.0
        return min(self.max_backoff_s, self.min_backoff_s * 2.0 ** min(failures - 1, 62))


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that a caller has taken; `attempt` is its deliveryAttempt."""

    ack_id: str
    message: Message
    attempt: int


@dataclass(slots=True)
class _Leased:
    delivery: Delivery
    deadline: float


@dataclass
class Hooks:
    """Callbacks to the broker; called without the queue's lock.

    Attributes:
        acked: a delivery was acknowledged.
        failed: a delivery failed.
        dead: forwards a delivery that has used up its attempts; False keeps it in this queue.
    """

    acked: Callable[[Message], None]
    failed: Callable[[Delivery], None]
    dead: Callable[[Delivery], bool]


@dataclass
class Queue:
    """Deliveries of one subscription. Thread-safe; `take` gives each delivery to one caller at a time."""

    name: str
    policy: Policy
    hooks: Hooks
    now: Callable[[], float] = time.monotonic
    _due: list[tuple[float, int, Delivery]] = field(default_factory=list)
    _leased: dict[str, _Leased] = field(default_factory=dict)
    _deadlines: list[tuple[float, str]] = field(default_factory=list)
    _serial: "itertools.count[int]" = field(default_factory=itertools.count)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def put(self, deliveries: Iterable[Delivery]) -> None:
        """Add deliveries that are due now."""
        with self._changed:
            for delivery in deliveries:
                self._push(delivery, self.now())
            self._changed.notify(len(self._due))

    def take(self, limit: int, wait_s: float, deadline_s: float | None = None) -> list[Lease]:
        """Lease up to `limit` due deliveries; wait up to `wait_s` for the first one.

        Args:
            deadline_s: lease time; by default the subscription's ack deadline.

        Returns:
            The leases; none if no delivery became due in time.
        """
        until = self.now() + wait_s
        lease_s = deadline_s if deadline_s is not None else self.policy.ack_deadline_s
        while True:
            self.expire()
            with self._changed:
                leases = self._lease_due(limit, lease_s)
                remaining = until - self.now()
                if leases or remaining <= 0 or self._closed:
                    return leases
                self._changed.wait(min(remaining, self._next_event_s()))

    def ack(self, ack_ids: Iterable[str]) -> None:
        """Acknowledge deliveries. Unknown, acknowledged and expired ids are ignored."""
        for ack_id in ack_ids:
            with self._changed:
                held = self._leased.pop(ack_id, None)
            if held is not None:
                self.hooks.acked(held.delivery.message)

    def extend(self, ack_ids: Iterable[str], seconds: float) -> None:
        """Set deadlines to `seconds` from now; 0 is a NACK."""
        if seconds <= 0:
            return self._fail(ack_ids)
        with self._changed:
            for ack_id in ack_ids:
                held = self._leased.get(ack_id)
                if held is not None:
                    held.deadline = self.now() + seconds
                    heapq.heappush(self._deadlines, (held.deadline, ack_id))
        return None

    def release(self, ack_ids: Iterable[str]) -> None:
        """Return deliveries that were not tried: they are due at once, and this is not a failure."""
        with self._changed:
            for ack_id in ack_ids:
                held = self._leased.pop(ack_id, None)
                if held is not None:
                    self._push(held.delivery, self.now())
                    self._changed.notify()

    def expire(self) -> None:
        """Fail every lease whose deadline has passed."""
        passed: list[str] = []
        with self._changed:
            while self._deadlines and self._deadlines[0][0] <= self.now():
                deadline, ack_id = heapq.heappop(self._deadlines)
                held = self._leased.get(ack_id)
                if held is not None and held.deadline <= deadline:
                    passed.append(ack_id)
        self._fail(passed)

    def outstanding(self, ack_ids: Iterable[str]) -> set[str]:
        """Those of the ids that are still leased."""
        with self._changed:
            return {ack_id for ack_id in ack_ids if ack_id in self._leased}

    def backlog(self) -> int:
        """Number of deliveries that are neither acknowledged nor dead, including leased ones."""
        with self._changed:
            return len(self._due) + len(self._leased)

    def close(self) -> None:
        """Wake all waiting callers; from now on `take` returns at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _fail(self, ack_ids: Iterable[str]) -> None:
        for ack_id in ack_ids:
            with self._changed:
                held = self._leased.pop(ack_id, None)
            if held is not None:
                self._failed(held.delivery)

    def _failed(self, delivery: Delivery) -> None:
        delivery.failures += 1
        limit = self.policy.max_attempts
        if limit is not None and delivery.failures >= limit and self.hooks.dead(delivery):
            return
        self.hooks.failed(delivery)
        with self._changed:
            self._push(delivery, self.now() + self.policy.backoff_s(delivery.failures))
            self._changed.notify()

    def _push(self, delivery: Delivery, due: float) -> None:
        heapq.heappush(self._due, (due, next(self._serial), delivery))

    def _lease_due(self, limit: int, lease_s: float) -> list[Lease]:
        now = self.now()
        leases: list[Lease] = []
        while len(leases) < limit and self._due and self._due[0][0] <= now:
            delivery = heapq.heappop(self._due)[2]
            ack_id = f"{self.name}:{delivery.message.id}:{next(self._serial)}"
            self._leased[ack_id] = _Leased(delivery, now + lease_s)
            heapq.heappush(self._deadlines, (now + lease_s, ack_id))
            leases.append(Lease(ack_id, delivery.message, 1 + delivery.failures))
        if len(self._deadlines) > 2 * len(self._leased) + 1000:
            self._deadlines = [(held.deadline, ack_id) for ack_id, held in self._leased.items()]
            heapq.heapify(self._deadlines)
        return leases

    def _next_event_s(self) -> float:
        instants = [heap[0][0] for heap in (self._due, self._deadlines) if heap]
        return max(0.001, min(instants, default=self.now() + 60.0) - self.now())
