"""The scheduler: what is due when, daylight saving, retries, and the requests that targets receive."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import grpc
import pytest
from google.api_core.exceptions import MethodNotImplemented, NotFound
from google.cloud import scheduler_v1 as sc
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerGrpcTransport

from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer
from tipoff_local.scheduler.jobs import BadJob, Firing, HttpTarget, Job, Retry, WorkflowTarget, delays_s, due
from tipoff_local.scheduler.scheduler import Scheduler
from tipoff_local.scheduler.server import SchedulerServer

EASTERN = ZoneInfo("America/New_York")
NOON = datetime(2025, 1, 10, 17, 0, tzinfo=UTC)


def a_job(cron: str, name: str = "j", zone: str = "America/New_York") -> Job:
    return Job(name, cron, zone, WorkflowTarget("projects/p/locations/l/workflows/w"), "scheduler@p")


def fired(cron: str, start: datetime, end: datetime) -> list[str]:
    found = due([a_job(cron)], {"j": start.astimezone(UTC)}, end.astimezone(UTC))
    return [firing.at.astimezone(EASTERN).isoformat() for firing in found]


def test_due_is_everything_after_last_up_to_and_including_now() -> None:
    start, end = datetime(2025, 1, 10, 11, 0, tzinfo=EASTERN), datetime(2025, 1, 10, 15, 0, tzinfo=EASTERN)
    assert fired("0 11,13,15 * * *", start, end) == ["2025-01-10T13:00:00-05:00", "2025-01-10T15:00:00-05:00"]


def test_a_new_job_waits_for_its_next_firing() -> None:
    assert due([a_job("* * * * *")], {}, NOON) == []


def test_firings_of_several_jobs_come_in_order_of_time() -> None:
    jobs = [a_job("30 * * * *", "late"), a_job("10 * * * *", "early")]
    found = due(jobs, {"late": NOON, "early": NOON}, NOON + timedelta(hours=1))
    assert [firing.name for firing in found] == ["early", "late"]


def test_a_time_inside_the_spring_gap_fires_right_after_it() -> None:
    # 2025-03-09: 02:00 EST -> 03:00 EDT
    day = datetime(2025, 3, 9, tzinfo=EASTERN)
    assert fired("30 2 * * *", day, day + timedelta(days=1)) == ["2025-03-09T03:00:00-04:00"]


def test_a_time_in_the_autumn_overlap_fires_once() -> None:
    # 2025-11-02: 02:00 EDT -> 01:00 EST
    day = datetime(2025, 11, 2, tzinfo=EASTERN)
    assert len(fired("30 1 * * *", day, day + timedelta(days=1))) == 1


def test_the_same_wall_clock_time_on_both_sides_of_the_change() -> None:
    start, end = datetime(2025, 3, 8, tzinfo=EASTERN), datetime(2025, 3, 10, 12, tzinfo=EASTERN)
    assert fired("30 9 * * *", start, end) == [
        "2025-03-08T09:30:00-05:00",
        "2025-03-09T09:30:00-04:00",
        "2025-03-10T09:30:00-04:00",
    ]


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        (Retry(0), []),
        (Retry(5, min_backoff_s=10, max_backoff_s=300, max_doublings=3), [10, 20, 40, 80, 160]),
        (Retry(3, min_backoff_s=10, max_backoff_s=15), [10, 15, 15]),
        (Retry(5, max_duration_s=40, min_backoff_s=10), [10, 20]),
    ],
)
def test_backoff_doubles_then_grows_linearly_then_stays(retry: Retry, waits: list[float]) -> None:
    assert delays_s(retry) == waits


def test_backoff_of_the_documentations_example() -> None:
    documented = Retry(8, min_backoff_s=10, max_backoff_s=300, max_doublings=3)
    assert delays_s(documented) == [10, 20, 40, 80, 160, 240, 300, 300]


@pytest.mark.parametrize("wrong", [{"cron": "every 5 minutes"}, {"zone": "Nowhere"}, {"retry": Retry(6)}])
def test_bad_jobs_are_refused(wrong: dict[str, object]) -> None:
    fields: dict[str, object] = {"cron": "* * * * *", "zone": "UTC", "retry": Retry()} | wrong
    with pytest.raises(BadJob):
        Job("j", target=HttpTarget("http://x"), service_account="s", **fields)  # type: ignore[arg-type]


class Signer:
    def sign(self, audience: str, email: str) -> str:
        return f"{email}->{audience}"


class Clock:
    """A clock that only `sleep` moves."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class Target:
    """An endpoint that records requests and answers with `statuses` in order; it repeats the last one."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.statuses = [200]
        self.server = HttpServer(self._answer)

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0], b"{}")


@pytest.fixture
def target() -> Iterator[Target]:
    found = Target()
    found.server.start()
    yield found
    found.server.stop()


def scheduler(folder: Path, target: Target, *jobs: Job, at: datetime = NOON) -> Scheduler:
    return Scheduler(folder, Signer(), Clock(at), jobs, target.server.url)


def test_a_workflow_is_started_by_the_executions_api(tmp_path: Path, target: Target) -> None:
    scheduler(tmp_path, target, a_job("0 * * * *")).tick(NOON + timedelta(hours=1))
    (request,) = target.requests
    assert (request.method, request.target) == ("POST", "/v1/projects/p/locations/l/workflows/w/executions")
    assert request.body == b'{"argument":"{}"}'
    assert request.headers["authorization"] == "Bearer scheduler@p->https://www.googleapis.com/"
    assert request.headers["x-cloudscheduler-scheduletime"] == "2025-01-10T18:00:00Z"
    assert request.headers["x-cloudscheduler-jobname"] == "j"


def test_an_http_target_gets_oidc_for_its_audience(tmp_path: Path, target: Target) -> None:
    job = Job("h", "0 * * * *", "UTC", HttpTarget(f"{target.server.url}/x", "PUT", b"hi", audience="aud"), "s@p")
    scheduler(tmp_path, target, job).tick(NOON + timedelta(hours=1))
    (request,) = target.requests
    assert (request.method, request.target, request.body) == ("PUT", "/x", b"hi")
    assert request.headers["authorization"] == "Bearer s@p->aud"
    assert request.headers["content-type"] == "application/octet-stream"


def test_a_tick_fires_each_instant_once_even_over_a_restart(tmp_path: Path, target: Target) -> None:
    first = scheduler(tmp_path, target, a_job("0 * * * *"))
    first.tick(NOON + timedelta(hours=2))
    first.tick(NOON + timedelta(hours=2))
    scheduler(tmp_path, target, a_job("0 * * * *"), at=NOON + timedelta(hours=2)).tick(NOON + timedelta(hours=3))
    assert len(target.requests) == 3


def test_failures_are_retried_as_configured(tmp_path: Path, target: Target) -> None:
    target.statuses = [503, 500, 200]
    job = Job("j", "0 * * * *", "UTC", HttpTarget(target.server.url), "s", retry=Retry(5))
    found = scheduler(tmp_path, target, job)
    (delivery,) = found.tick(NOON + timedelta(hours=1))
    assert (delivery.attempts, delivery.succeeded) == (3, True)
    assert found.clock.now() == NOON + timedelta(seconds=5 + 10)


def test_without_retries_the_next_firing_still_comes(tmp_path: Path, target: Target) -> None:
    target.statuses = [503]
    found = scheduler(tmp_path, target, a_job("0 * * * *"))
    assert [d.succeeded for d in found.tick(NOON + timedelta(hours=2))] == [False, False]
    assert found.state("j").status == 503


def test_a_target_that_does_not_listen_is_a_failed_attempt(tmp_path: Path, target: Target) -> None:
    job = Job("j", "0 * * * *", "UTC", HttpTarget("http://127.0.0.1:1/"), "s")
    assert not scheduler(tmp_path, target, job).run("j").succeeded


def test_the_official_client_lists_describes_and_runs(tmp_path: Path, target: Target) -> None:
    server = SchedulerServer(scheduler(tmp_path, target, a_job("0 9 * * *")), "tipoff-local", "us-west2")
    server.start()
    try:
        channel = grpc.insecure_channel(server.grpc_endpoint)
        client = sc.CloudSchedulerClient(transport=CloudSchedulerGrpcTransport(channel=channel))
        parent = "projects/tipoff-local/locations/us-west2"
        (job,) = client.list_jobs(parent=parent)
        assert (job.schedule, job.time_zone) == ("0 9 * * *", "America/New_York")
        assert job.schedule_time == datetime(2025, 1, 11, 14, 0, tzinfo=UTC)
        assert client.run_job(name=f"{parent}/jobs/j").last_attempt_time is not None
        assert len(target.requests) == 1
        with pytest.raises(NotFound):
            client.get_job(name=f"{parent}/jobs/none")
        with pytest.raises(MethodNotImplemented):
            client.delete_job(name=f"{parent}/jobs/j")
    finally:
        server.stop()


def test_firings_are_ordered_by_time_then_name() -> None:
    assert sorted([Firing(NOON, "b"), Firing(NOON, "a")])[0].name == "a"


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_gcloud_lists_describes_and_runs(tmp_path: Path, target: Target) -> None:
    server = SchedulerServer(scheduler(tmp_path, target, a_job("0 9 * * *")), "tipoff-local", "us-west2")
    server.start()
    env = os.environ | {
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": "tipoff-local",
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER": f"{server.rest_url}/",
    }

    def gcloud(*words: str) -> str:
        command = ["gcloud", "scheduler", "jobs", *words, "--location=us-west2", "--format=json", "--quiet"]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    try:
        assert len(json.loads(gcloud("list"))) == 1
        gcloud("run", "j")
        assert json.loads(gcloud("describe", "j"))["schedule"] == "0 9 * * *"
        assert len(target.requests) == 1
    finally:
        server.stop()
