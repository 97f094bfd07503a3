"""Calls the function `collect` for one date or for many, within one budget; a later call resumes where it stopped."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec
import urllib3

from tipoff.core.game_date import date_range, eastern_instant
from tipoff.steps.collect.context import FAILED, Collect, Collected, PlannedRequest

CALL_TIMEOUT_S = 960.0
SKIP_NEWER_THAN_MINUTES = 60 * 24 * 60  # a date that was collected within sixty days is skipped
STOPPING_OUTCOMES = ("over_budget", "quota_exhausted", "circuit_open", "not_configured")


class CollectRefused(Exception):
    """The function refused the request; the message is its own."""


@dataclass(frozen=True)
class Collector:
    """Calls the function `collect` at its URL, with a bearer token."""

    url: str
    token: str

    def collect(self, request: Collect) -> Collected:
        """Call the function once.

        Raises:
            CollectRefused: the status is not 200.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        answer = urllib3.PoolManager(retries=False).request(
            "POST", f"{self.url}/collect", body=msgspec.json.encode(request), headers=headers, timeout=CALL_TIMEOUT_S
        )
        if answer.status != 200:
            raise CollectRefused(f"{answer.status} {answer.data[:500].decode(errors='replace')}")
        return msgspec.json.decode(answer.data, type=Collected)


@dataclass(frozen=True)
class CollectRange:
    """What to collect.

    Attributes:
        source: the source, e.g. `nbac_boxscore`.
        first, last: Eastern dates, both included.
        snapshot: Eastern hour and minute of the odds of each date; None for present odds and other sources.
        max_requests, max_credits: limits for all dates together.
        again: whether dates that were collected before are collected again.
    """

    source: str
    first: date
    last: date
    snapshot: tuple[int, int] | None
    max_requests: int
    max_credits: int
    again: bool = False
    dry_run: bool = False

    @property
    def dates(self) -> Sequence[date]:
        """All dates of the range."""
        return date_range(self.first, self.last)

    def request(self, day: date, requests: int, credits: int) -> Collect:
        """The request for one date, given what was spent before."""
        return Collect(
            source=self.source,
            game_date=day,
            snapshot_at=self.snapshot_at(day),
            backfill=True,
            dry_run=self.dry_run,
            force=False,
            max_requests=self.max_requests - requests,
            max_credits=self.max_credits - credits,
            max_age_minutes=0 if self.again else SKIP_NEWER_THAN_MINUTES,
        )

    def snapshot_at(self, day: date) -> datetime | None:
        """The instant (UTC) whose odds are wanted for a date."""
        return eastern_instant(day, *self.snapshot) if self.snapshot else None


@dataclass
class CollectTotals:
    """The totals so far; `stopped_at` is the date at which a later call resumes, `plan` the requests of a dry run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    credits: int = 0
    landed: int = 0
    missing: list[str] = field(default_factory=list)
    stopped_at: date | None = None
    message: str | None = None
    plan: list[PlannedRequest] = field(default_factory=list)

    def add(self, account: Collected) -> None:
        """Add one date."""
        self.outcomes[account.outcome] += 1
        self.requests += account.requests
        self.credits += account.credits
        self.landed += len(account.landed)
        self.missing.extend(account.missing)
        self.plan.extend(account.plan)
        if account.outcome in (*FAILED, "not_configured"):
            self.message = f"{account.game_date}: {account.message or account.outcome}"


def collect_dates(
    work: CollectRange, collect: Callable[[Collect], Collected], advance: Callable[[CollectTotals], None]
) -> CollectTotals:
    """Collect date after date; stops at an outcome that every further date would have too."""
    done = CollectTotals()
    for day in work.dates:
        account = collect(work.request(day, done.requests, done.credits))
        done.add(account)
        advance(done)
        if account.outcome in STOPPING_OUTCOMES:
            done.stopped_at = day
            break
    return done
