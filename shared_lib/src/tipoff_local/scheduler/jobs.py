"""Jobs as data, which jobs are due, and the delays between retries.

Daylight saving time follows cron, as cronsim implements it. A job at a local time that does not exist fires right
after the gap. A job at a local time that occurs twice fires once. Jobs of every hour or minute follow real time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError


class BadJob(ValueError):
    """A job that the service would refuse; the message names job and field."""


@dataclass(frozen=True, slots=True)
class WorkflowTarget:
    """Starts an execution of a workflow (full resource name) with a JSON text as argument; uses an OAuth token."""

    workflow: str
    argument: str = "{}"


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """An HTTP request with an OIDC token. `audience` defaults to the URL, Content-Type to octet-stream."""

    url: str
    method: str = "POST"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when to retry (docs: RetryConfig); with `retry_count` 0, never. Times are in seconds."""

    retry_count: int = 0
    max_duration_s: float = 0.0
    min_backoff_s: float = 5.0
    max_backoff_s: float = 3600.0
    max_doublings: int = 5


@dataclass(frozen=True, slots=True)
class Job:
    """A scheduled job. `cron` has five fields and is read in the IANA time zone `zone`."""

    name: str
    cron: str
    zone: str
    target: WorkflowTarget | HttpTarget
    service_account: str
    description: str = ""
    retry: Retry = field(default_factory=Retry)
    attempt_deadline_s: float = 180.0

    def __post_init__(self) -> None:
        """Check the fields as the service does.

        Raises:
            BadJob: an invalid cron text or time zone, a retry count outside 0..5, a deadline outside 15 s..30 min.
        """
        try:
            CronSim(self.cron, datetime.now(ZoneInfo(self.zone)))
        except (CronSimError, ZoneInfoNotFoundError, ValueError) as error:
            raise BadJob(f"job {self.name}: bad cron {self.cron!r} or time zone {self.zone!r}") from error
        if not 0 <= self.retry.retry_count <= 5:
            raise BadJob(f"job {self.name}: retry_count must lie in 0..5")
        if not 15 <= self.attempt_deadline_s <= 1800:
            raise BadJob(f"job {self.name}: attempt_deadline must lie in 15..1800 seconds")


@dataclass(frozen=True, slots=True, order=True)
class Firing:
    """A scheduled run of a job at an instant (UTC)."""

    at: datetime
    name: str


def due(jobs: Iterable[Job], last: Mapping[str, datetime], now: datetime) -> list[Firing]:
    """Every firing after `last[job]` up to and including `now`, in order; none for a job without a `last`."""
    return sorted(firing for job in jobs if job.name in last for firing in _between(job, last[job.name], now))


def next_firing(job: Job, after: datetime) -> datetime:
    """The first instant (UTC) strictly after `after` at which a job fires."""
    return next(iter(CronSim(job.cron, after.astimezone(ZoneInfo(job.zone))))).astimezone(UTC)


def delays_s(retry: Retry) -> list[float]:
    """Seconds before each retry: doubled `max_doublings` times, then growing linearly, up to the maximum.

    10 s / 300 s / 3 doublings gives 10, 20, 40, 80, 160, 240, 300, 300 (docs: RetryConfig.max_doublings).
    """
    step = retry.min_backoff_s * 2**retry.max_doublings
    waits = []
    for number in range(retry.retry_count):
        beyond = number - retry.max_doublings
        wait = retry.min_backoff_s * 2**number if beyond <= 0 else step * (beyond + 1)
        waits.append(min(wait, retry.max_backoff_s))
    if not retry.max_duration_s:
        return waits
    return [wait for number, wait in enumerate(waits) if sum(waits[: number + 1]) <= retry.max_duration_s]


def _between(job: Job, last: datetime, now: datetime) -> list[Firing]:
    instants = (instant.astimezone(UTC) for instant in CronSim(job.cron, last.astimezone(ZoneInfo(job.zone))))
    return [Firing(instant, job.name) for instant in takewhile(lambda instant: instant <= now, instants)]
