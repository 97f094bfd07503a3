"""Fires jobs: remembers when each job last fired, and calls its target with retries."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from tipoff_local.database import Database
from tipoff_local.identity import ACCESS_AUDIENCE
from tipoff_local.scheduler.jobs import Firing, Job, WorkflowTarget, delays_s, due, next_firing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (name TEXT PRIMARY KEY, last TEXT NOT NULL, attempted TEXT, status INTEGER);
"""
_NO_ANSWER = 0


class Signer(Protocol):
    """Makes identity tokens."""

    def sign(self, audience: str, email: str) -> str:
        """A JWT of `email` for `audience`."""
        ...


class Clock(Protocol):
    """Time as the scheduler sees it."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of a firing: status of the last attempt (0: no answer) and the number of attempts."""

    firing: Firing
    status: int
    attempts: int

    @property
    def succeeded(self) -> bool:
        """The target answered 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a job: the instant up to which its firings are done, and its last attempt."""

    last: datetime
    attempted: datetime | None
    status: int | None


class Scheduler:
    """Fires jobs.

    Args:
        folder: keeps the state over a restart; firings that were missed while nothing ran are skipped.
        clock: gives the time, and waits.
        workflows_url: base URL of the Executions REST service, which starts workflow targets.
    """

    def __init__(
        self, folder: Path, identity: Signer, clock: Clock, jobs: Iterable[Job], workflows_url: str = ""
    ) -> None:
        self.jobs = {job.name: job for job in jobs}
        self.clock = clock
        self._identity = identity
        self._workflows_url = workflows_url
        self._database = Database(folder / "scheduler.sqlite", _SCHEMA)
        self._http = urllib3.PoolManager(retries=False)
        self._stopping = threading.Event()
        for name in self.jobs:
            self._remember(name, clock.now())

    def tick(
        self, to: datetime, around: Callable[[Firing], AbstractContextManager[object]] = nullcontext
    ) -> list[Delivery]:
        """Fire, one after the other, all jobs that became due up to `to`; each firing runs inside `around(firing)`."""
        last = {name: self.state(name).last for name in self.jobs}
        return [self._fired(firing, around) for firing in due(self.jobs.values(), last, to)]

    def skip_to(self, instant: datetime) -> None:
        """Mark everything that was due up to `instant` as done."""
        for name in self.jobs:
            self._advance(Firing(instant, name))

    def run(self, name: str) -> Delivery:
        """Fire a job now, independent of its schedule.

        Raises:
            KeyError: there is no such job.
        """
        return self._delivered(Firing(self.clock.now(), self.jobs[name].name))

    def state(self, name: str) -> JobState:
        """The state of a job."""
        with self._database.reading() as db:
            row = db.execute("SELECT * FROM jobs WHERE name=?", (name,)).fetchone()
        attempted = datetime.fromisoformat(row["attempted"]) if row["attempted"] else None
        return JobState(datetime.fromisoformat(row["last"]), attempted, row["status"])

    def next_run(self, name: str) -> datetime:
        """When a job fires next (UTC)."""
        return next_firing(self.jobs[name], self.clock.now())

    def start(self, poll_seconds: float = 1.0) -> None:
        """Fire due jobs by the clock in the background, each firing in a thread of its own."""
        self.skip_to(self.clock.now())  # firings that were missed while nothing ran are skipped, as for a paused job
        threading.Thread(target=self._loop, args=(poll_seconds,), name="scheduler", daemon=True).start()

    def stop(self) -> None:
        """Stop firing; deliveries in progress end by themselves."""
        self._stopping.set()

    def _loop(self, poll_seconds: float) -> None:
        while not self._stopping.wait(poll_seconds):
            last = {name: self.state(name).last for name in self.jobs}
            for firing in due(self.jobs.values(), last, self.clock.now()):
                self._advance(firing)
                threading.Thread(target=self._delivered, args=(firing,), daemon=True).start()

    def _fired(self, firing: Firing, around: Callable[[Firing], AbstractContextManager[object]]) -> Delivery:
        self._advance(firing)
        with around(firing):
            return self._delivered(firing)

    def _delivered(self, firing: Firing) -> Delivery:
        job = self.jobs[firing.name]
        status, attempts = self._attempt(job, firing), 1
        for wait_s in delays_s(job.retry):
            if 200 <= status < 300:
                break
            self.clock.sleep(wait_s)
            status, attempts = self._attempt(job, firing), attempts + 1
        with self._database.transaction() as db:
            now = self.clock.now().isoformat()
            db.execute("UPDATE jobs SET attempted=?, status=? WHERE name=?", (now, status, job.name))
        return Delivery(firing, status, attempts)

    def _attempt(self, job: Job, firing: Firing) -> int:
        method, url, headers, body = self._request(job)
        headers |= {
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.name,
            "X-CloudScheduler-ScheduleTime": firing.at.isoformat().replace("+00:00", "Z"),
        }
        try:
            timeout = job.attempt_deadline_s
            return self._http.request(method, url, body, headers=headers, timeout=timeout, redirect=False).status
        except (HTTPError, OSError):
            return _NO_ANSWER

    def _request(self, job: Job) -> tuple[str, str, dict[str, str], bytes]:
        target = job.target
        if isinstance(target, WorkflowTarget):
            headers = self._bearer(ACCESS_AUDIENCE, job) | {"Content-Type": "application/json"}
            url = f"{self._workflows_url}/v1/{target.workflow}/executions"
            return "POST", url, headers, msgspec.json.encode({"argument": target.argument})
        headers = self._bearer(target.audience or target.url, job)
        return (
            target.method,
            target.url,
            {"Content-Type": "application/octet-stream", **target.headers} | headers,
            target.body,
        )

    def _bearer(self, audience: str, job: Job) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._identity.sign(audience, job.service_account)}"}

    def _remember(self, name: str, now: datetime) -> None:
        with self._database.transaction() as db:
            db.execute("INSERT OR IGNORE INTO jobs(name, last) VALUES (?,?)", (name, now.isoformat()))

    def _advance(self, firing: Firing) -> None:
        with self._database.transaction() as db:
            db.execute("UPDATE jobs SET last=? WHERE name=?", (firing.at.isoformat(), firing.name))


class SettableClock(RealClock):
    """The machine's clock, which can be set to a fixed instant. Waits always use real time."""

    def __init__(self) -> None:
        self._instant: datetime | None = None

    def now(self) -> datetime:
        """The fixed instant, or the present one."""
        return self._instant or super().now()

    def set_to(self, instant: datetime | None) -> None:
        """Set the clock to a fixed instant (UTC); None returns to the machine's time."""
        self._instant = instant
