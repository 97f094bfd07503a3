"""Collecting by hand: one date, or a whole season date by date, within one budget and going on where it stopped."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec
import urllib3

from tipoff.core.game_date import date_range, eastern_instant
from tipoff.steps.collect_context import FAILED, Collect, Collected

CALL_TIMEOUT_S = 960.0
RESUME_FOR_MINUTES = 60 * 24 * 60  # what ended well within sixty days is not asked for again
ENDS = ("over_budget", "quota_exhausted", "circuit_open", "not_configured")


class CollectRefused(Exception):
    """The function would not; the message is its own."""


@dataclass(frozen=True)
class Collector:
    """Calls the function `collect` at its URL with a bearer token."""

    url: str
    token: str

    def collect(self, request: Collect) -> Collected:
        """One call.

        Raises:
            CollectRefused: any answer but 200.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        answer = urllib3.PoolManager(retries=False).request(
            "POST", f"{self.url}/collect", body=msgspec.json.encode(request), headers=headers, timeout=CALL_TIMEOUT_S
        )
        if answer.status != 200:
            raise CollectRefused(f"{answer.status} {answer.data[:500].decode(errors='replace')}")
        return msgspec.json.decode(answer.data, type=Collected)


@dataclass(frozen=True)
class Season:
    """What a backfill is to fetch.

    Attributes:
        source: which.
        first, last: Eastern dates, both included.
        snapshot: Eastern hour and minute of the odds of each date; None for sources without a past.
        max_requests, max_credits: of the whole backfill.
        again: also what ended well before.
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
        """Every date of it."""
        return date_range(self.first, self.last)

    def request(self, day: date, requests: int, credits: int) -> Collect:
        """The call for one date, after so much has been spent."""
        return Collect(
            source=self.source,
            game_date=day,
            snapshot_at=self.snapshot_at(day),
            backfill=True,
            dry_run=self.dry_run,
            force=False,
            max_requests=self.max_requests - requests,
            max_credits=self.max_credits - credits,
            max_age_minutes=0 if self.again else RESUME_FOR_MINUTES,
        )

    def snapshot_at(self, day: date) -> datetime | None:
        """The instant of the odds of a date, UTC."""
        return eastern_instant(day, *self.snapshot) if self.snapshot else None


@dataclass
class Backfilled:
    """The account of a backfill so far; `stopped_at` is the date at which to go on."""

    outcomes: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    credits: int = 0
    landed: int = 0
    missing: list[str] = field(default_factory=list)
    stopped_at: date | None = None
    message: str | None = None

    def add(self, account: Collected) -> None:
        """Count one date."""
        self.outcomes[account.outcome] += 1
        self.requests += account.requests
        self.credits += account.credits
        self.landed += len(account.landed)
        self.missing.extend(account.missing)
        if account.outcome in (*FAILED, "not_configured"):
            self.message = f"{account.game_date}: {account.message or account.outcome}"


def backfill(
    season: Season, collect: Callable[[Collect], Collected], advance: Callable[[Backfilled], None]
) -> Backfilled:
    """Collect date after date; ends early where going on would only meet the same wall."""
    done = Backfilled()
    for day in season.dates:
        account = collect(season.request(day, done.requests, done.credits))
        done.add(account)
        advance(done)
        if account.outcome in ENDS:
            done.stopped_at = day
            break
    return done
