"""The budget of a run, its retry waits, and the circuit breaker of a host. The caller passes the time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tipoff.core.collect.model import SourceRequest

OPEN_AFTER = 5
OPEN_FOR = timedelta(minutes=15)
ATTEMPTS = 4
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may spend: requests (each attempt counts) and paid credits."""

    requests: int
    credits: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has spent. `credits_left` is the vendor's count; None until an answer states it."""

    requests: int = 0
    credits: int = 0
    credits_left: int | None = None

    def refusal(self, budget: Budget, request: SourceRequest) -> str | None:
        """Why the next attempt would exceed the budget or the vendor's quota; None if it may be sent."""
        if self.requests + 1 > budget.requests:
            return f"{budget.requests} requests are spent"
        if self.credits + request.credits > budget.credits:
            return f"{self.credits} of {budget.credits} credits are spent, and the next costs up to {request.credits}"
        if request.credits and self.credits_left is not None and self.credits_left < request.credits:
            return f"the vendor counts {self.credits_left} credits left, and the next costs up to {request.credits}"
        return None

    def after(self, request: SourceRequest, headers: Mapping[str, str]) -> "Spent":
        """The sums after one attempt. Without a stated cost, the attempt costs its maximum."""
        cost = _number(headers.get("x-requests-last"))
        left = _number(headers.get("x-requests-remaining"))
        return Spent(
            requests=self.requests + 1,
            credits=self.credits + (request.credits if cost is None else cost),
            credits_left=self.credits_left if left is None else left,
        )


def _number(text: str | None) -> int | None:
    try:
        return int(float(text)) if text else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit breaker. After too many failures of a host in a row it is open: no requests. Then it allows a trial."""

    failures: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether requests to the host are blocked."""
        return self.open_until is not None and now < self.open_until

    def after(self, now: datetime, *, failed: bool) -> "Circuit":
        """The state after one request, including its retries."""
        if not failed:
            return Circuit()
        failures = self.failures + 1
        is_trial = self.open_until is not None
        if failures >= OPEN_AFTER or is_trial:
            return Circuit(failures, now + OPEN_FOR)
        return replace(self, failures=failures)


def wait_s(attempt: int, retry_after: str | None, chance: float) -> float | None:
    """Seconds until the next attempt; None if there is none.

    Args:
        attempt: attempts made so far.
        retry_after: the header Retry-After, in seconds. Above a minute there is no retry.
        chance: uniform in [0, 1). Jitter: the wait is between half and all of the exponential backoff.
    """
    if attempt >= ATTEMPTS:
        return None
    asked = _number(retry_after)
    if asked is not None:
        return float(asked) if asked <= LONGEST_WAIT_S else None
    whole = min(FIRST_WAIT_S * 2.0 ** (attempt - 1), LONGEST_WAIT_S)
    return whole * (0.5 + chance / 2)
