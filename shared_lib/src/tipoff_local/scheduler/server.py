"""google.cloud.scheduler.v1.CloudScheduler over gRPC and REST: lists, shows and runs jobs.

Jobs are declared in mesh.yaml only, so creating, changing, pausing and deleting them is UNIMPLEMENTED. In addition to
the service's own methods, `POST /.well-known/tipoff-local/tick` moves the local clock.
"""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import grpc
import msgspec
from google.cloud import scheduler_v1 as sc

from tipoff_local.errors import ApiError, invalid, not_found, unsupported
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import INSTANCE_PATH, HttpServer, PortTaken, json_response
from tipoff_local.scheduler.jobs import HttpTarget, Job, WorkflowTarget
from tipoff_local.scheduler.scheduler import Delivery, Scheduler

_JOBS = re.compile(r"(GET|POST|PATCH|DELETE) /v1/(projects/[^/]+/locations/[^/]+)/jobs(?:/([^/:]+))?(?::([a-zA-Z]+))?")
TICK_PATH = f"{INSTANCE_PATH}/tick"
_EXECUTIONS_URL = "https://workflowexecutions.googleapis.com/v1"


class Tick(msgspec.Struct, frozen=True):
    """Body of a tick: fire the jobs that are due after `start_at` (default: the clock's time) up to `end_at`, UTC."""

    end_at: datetime
    start_at: datetime | None = None


class Ticked(msgspec.Struct, frozen=True):
    """One firing of a tick: its job, its instant, and the status that its target answered (0: no answer)."""

    job: str
    at: datetime
    status: int


class SchedulerServer:
    """Serves a scheduler's jobs under `projects/P/locations/L/jobs/NAME`.

    Args:
        port, rest_port: ports of gRPC and REST; 0 lets the system choose.
        tick: moves the clock and fires jobs; by default the scheduler's own `tick`, which moves no clock.
    """

    def __init__(
        self, scheduler: Scheduler, project: str, location: str, port: int = 0, *,
        rest_port: int = 0, tick: Callable[[Tick], list[Delivery]] | None = None,
    ) -> None:  # fmt: skip
        self._scheduler = scheduler
        self._tick = tick or (lambda wanted: scheduler.tick(wanted.end_at))
        self._parent = f"projects/{project}/locations/{location}"
        self._http = HttpServer(self._rest, rest_port)
        self._grpc = grpc.server(ThreadPoolExecutor(4, "scheduler-grpc"), options=[("grpc.so_reuseport", 0)])
        self._grpc.add_generic_rpc_handlers([self._handlers()])
        try:
            self._port = int(self._grpc.add_insecure_port(f"127.0.0.1:{port}"))
        except RuntimeError as error:
            raise PortTaken(f"port {port} of 127.0.0.1 is taken") from error

    @property
    def grpc_endpoint(self) -> str:
        """`127.0.0.1:port`, for an insecure channel."""
        return f"127.0.0.1:{self._port}"

    @property
    def rest_url(self) -> str:
        """Base URL without a trailing slash."""
        return self._http.url

    @property
    def instance(self) -> str:
        """The token that shows which server was reached."""
        return self._http.instance

    def start(self) -> None:
        """Begin to serve."""
        self._http.start()
        self._grpc.start()

    def stop(self) -> None:
        """Stop serving."""
        self._http.stop()
        self._grpc.stop(grace=0.2).wait()

    def list_jobs(self, request: sc.ListJobsRequest) -> sc.ListJobsResponse:
        """All jobs, by name, on one page."""
        jobs = [self._message(job) for _, job in sorted(self._scheduler.jobs.items())]
        return sc.ListJobsResponse(jobs=jobs if request.parent == self._parent else [])

    def get_job(self, request: sc.GetJobRequest) -> sc.Job:
        """A job with its next and last run."""
        return self._message(self._found(request.name))

    def run_job(self, request: sc.RunJobRequest) -> sc.Job:
        """Fire a job now, and answer after its target has answered (the service answers at once)."""
        job = self._found(request.name)
        self._scheduler.run(job.name)
        return self._message(job)

    def _found(self, name: str) -> Job:
        parent, _, identifier = name.partition("/jobs/")
        job = self._scheduler.jobs.get(identifier)
        if job is None or parent != self._parent:
            raise not_found(f"Job not found: {name}")
        return job

    def _message(self, job: Job) -> sc.Job:
        state = self._scheduler.state(job.name)
        message = sc.Job(
            name=f"{self._parent}/jobs/{job.name}",
            description=job.description,
            http_target=_http_target(job),
            schedule=job.cron,
            time_zone=job.zone,
            state=sc.Job.State.ENABLED,
            schedule_time=self._scheduler.next_run(job.name),
            retry_config=_retry_config(job),
            attempt_deadline=timedelta(seconds=job.attempt_deadline_s),
        )
        if state.attempted is not None:
            message.last_attempt_time = state.attempted
            message.status = {"code": 0 if 200 <= (state.status or 0) < 300 else 2}
        return message

    def _ticked(self, request: Request) -> Response:
        try:
            wanted = msgspec.json.decode(request.body, type=Tick)
        except msgspec.DecodeError as error:
            raise invalid(f"bad tick: {error}") from error
        if wanted.end_at.tzinfo is None or (wanted.start_at is not None and wanted.start_at.tzinfo is None):
            raise invalid("a tick's instants need a time zone")
        return json_response([Ticked(d.firing.name, d.firing.at, d.status) for d in self._tick(wanted)])

    def _rest(self, request: Request) -> Response:
        if (request.method, request.path) == ("POST", TICK_PATH):
            return self._ticked(request)
        match = _JOBS.fullmatch(f"{request.method} {unquote(request.path)}")
        if match is None:
            raise not_found(f"no method for {request.method} {request.path}")
        method, parent, identifier, verb = match.groups()
        name = f"{parent}/jobs/{identifier}"
        if (method, identifier, verb) == ("GET", None, None):
            return _json(self.list_jobs(sc.ListJobsRequest(parent=parent)))
        if (method, verb) == ("GET", None):
            return _json(self.get_job(sc.GetJobRequest(name=name)))
        if (method, verb) == ("POST", "run"):
            return _json(self.run_job(sc.RunJobRequest(name=name)))
        raise unsupported(f"{verb or method} of scheduler jobs: they are declared in the mesh")

    def _handlers(self) -> grpc.GenericRpcHandler:
        methods = {
            "ListJobs": _unary(self.list_jobs, sc.ListJobsRequest, sc.ListJobsResponse),
            "GetJob": _unary(self.get_job, sc.GetJobRequest, sc.Job),
            "RunJob": _unary(self.run_job, sc.RunJobRequest, sc.Job),
        }
        return grpc.method_handlers_generic_handler("google.cloud.scheduler.v1.CloudScheduler", methods)


def _unary(method: Callable[[Any], Any], request: Any, response: Any) -> grpc.RpcMethodHandler:
    def call(message: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(message)
        except ApiError as error:
            context.abort(error.code, error.message)

    return grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=request.deserialize, response_serializer=response.serialize
    )


def _http_target(job: Job) -> sc.HttpTarget:
    if isinstance(job.target, WorkflowTarget):
        return sc.HttpTarget(
            uri=f"{_EXECUTIONS_URL}/{job.target.workflow}/executions",
            http_method=sc.HttpMethod.POST,
            body=json.dumps({"argument": job.target.argument}).encode(),
            oauth_token=sc.OAuthToken(service_account_email=job.service_account),
        )
    return _oidc_target(job.target, job.service_account)


def _oidc_target(target: HttpTarget, service_account: str) -> sc.HttpTarget:
    return sc.HttpTarget(
        uri=target.url,
        http_method=sc.HttpMethod[target.method],
        headers=dict(target.headers),
        body=target.body,
        oidc_token=sc.OidcToken(service_account_email=service_account, audience=target.audience or target.url),
    )


def _retry_config(job: Job) -> sc.RetryConfig:
    retry = job.retry
    return sc.RetryConfig(
        retry_count=retry.retry_count,
        max_retry_duration=timedelta(seconds=retry.max_duration_s),
        min_backoff_duration=timedelta(seconds=retry.min_backoff_s),
        max_backoff_duration=timedelta(seconds=retry.max_backoff_s),
        max_doublings=retry.max_doublings,
    )


def _json(message: Any) -> Response:
    return json_response(json.loads(type(message).to_json(message, use_integers_for_enums=False)))
