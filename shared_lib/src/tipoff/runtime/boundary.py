"""The boundary of a function: parses and limits requests, logs, and maps errors to answers.

Only this module has a broad `except`. A function declares its settings and its steps.

    to a push subscription            to a workflow or a person
      Permanent   quarantine, 204       400 / 404 / 422
      Retryable   429 / 503             429 / 503
      NotReady    409, redelivered      409 NOT_READY
      Conflict    204                   409
      a bug       500                   500

A function with routes and a subscription keeps a quarter of its threads for callers: a push that would need one of
them is answered 429 and comes again, so a burst of messages does not make workflows wait.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore, Lock
from typing import Any, Protocol

import msgspec
from flask import Request, Response

from tipoff.cloud.labels import job_labels
from tipoff.core import structs
from tipoff.core.errors import (
    BadRequest,
    ConfigInvalid,
    Misconfigured,
    NotReady,
    Permanent,
    RateLimited,
    Retryable,
    TipoffError,
)
from tipoff.runtime import http, log
from tipoff.runtime.arguments import RANGE_DAYS_MAX, decode_body, decode_query
from tipoff.runtime.events import Delivery, calling_workflow, delivery
from tipoff.runtime.settings import FunctionSettings, load

REQUEST_BYTES_MAX = 10 * 1024 * 1024
ACKNOWLEDGED = 204
# https://docs.cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#httptarget
SCHEDULE_TIME = "X-CloudScheduler-ScheduleTime"

logger = logging.getLogger(__name__)


class Quarantine(Protocol):
    """Stores messages that a retry cannot help."""

    def message(self, delivery: Delivery, error: Permanent) -> None:
        """Quarantine a message."""
        ...


class Context(Protocol):
    """A function's clients and clock, kept between requests."""

    @property
    def ops(self) -> Quarantine:
        """The writer of the operations logs."""
        ...


class Answer(Protocol):
    """A step's answer to an HTTP caller: a struct with an HTTP status."""

    @property
    def http_status(self) -> int:
        """200 or 202."""
        ...


type PushStep[C] = Callable[[C, Delivery], None]
type HttpStep[C] = Callable[[C, Any], msgspec.Struct]


@dataclass(frozen=True)
class Route[C]:
    """One HTTP endpoint: the type of its body, its step, and how many dates a range of it may have."""

    method: str
    path: str
    body: type[msgspec.Struct]
    step: HttpStep[C]
    status: int = http.OK
    range_days_max: int = RANGE_DAYS_MAX


@dataclass
class Function[S: FunctionSettings, C: Context]:
    """A deployable function.

    Args:
        name: its key in mesh.yaml.
        settings: the class of its settings.
        open_context: builds the context at the first request.
        push: the step for messages, if it has a subscription.
        routes: the steps for HTTP callers.
    """

    name: str
    settings: type[S]
    open_context: Callable[[S], C]
    push: PushStep[C] | None = None
    routes: tuple[Route[C], ...] = ()
    _settings: S = field(init=False)
    _context: C | None = field(default=None, init=False)
    _opening: Lock = field(default_factory=Lock, init=False)
    _push_slots: BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        """Read the settings and prepare the structs at the start, so that no request waits.

        Raises:
            SystemExit: settings are missing. The message lists all of them.
        """
        log.setup()
        try:
            self._settings = load(self.settings)
        except ConfigInvalid as error:
            raise SystemExit(f"{self.name} cannot start: {error.message}") from error
        threads = self._settings.threads
        self._push_slots = BoundedSemaphore(threads - threads // 4 if self.routes else threads)
        structs.prepare()
        from tipoff.cloud import failpoints
        from tipoff.runtime.settings import environment

        failpoints.arm(environment().get("TIPOFF_FAILPOINT", ""), self._settings.environment)

    def answer(self, request: Request) -> Response:
        """Answer one HTTP request."""
        started = time.monotonic()
        route = self._route(request)
        cause = calling_workflow(request.headers.get("User-Agent", ""))
        context = log.context(function=self.name, release=self._settings.release, path=request.path)
        with context, job_labels(function=self.name, cause=cause):
            response = self._answer(request, route)
            facts = {"status": response.status_code, "seconds": round(time.monotonic() - started, 3)}
            logger.info("%s %s", request.method, request.path, extra={"facts": facts})
        return response

    def _answer(self, request: Request, route: Route[C] | None) -> Response:
        if request.path == "/health":
            return Response(b'{"status":"healthy"}', http.OK, content_type="application/json")
        try:
            if route is not None:
                return self._answer_http(request, route)
            return self._answer_push(request)
        except TipoffError as error:
            return _refuse(error)
        except Exception:
            logger.exception("a bug in %s", self.name)
            return Response(b'{"status":"error","code":"BUG"}', http.BUG, content_type="application/json")

    def _route(self, request: Request) -> Route[C] | None:
        for route in self.routes:
            if (route.method, route.path) == (request.method, request.path):
                return route
        return None

    def _answer_http(self, request: Request, route: Route[C]) -> Response:
        body = _body(request)
        if body:
            arguments = decode_body(route.body, body, route.range_days_max)
        else:
            arguments = decode_query(route.body, request.args, route.range_days_max)
        arguments = _at_schedule_time(arguments, request.headers.get(SCHEDULE_TIME))
        result = route.step(self.context, arguments)
        status = getattr(result, "http_status", route.status)
        return Response(msgspec.json.encode(result), status, content_type="application/json")

    def _answer_push(self, request: Request) -> Response:
        if self.push is None or request.method != "POST":
            raise BadRequest("no_such_route", f"{self.name} has no {request.method} {request.path}")
        message = delivery(_body(request), {k.lower(): v for k, v in request.headers.items()})
        if not self._push_slots.acquire(blocking=False):
            raise RateLimited("pushes_busy", f"{self.name} keeps its remaining threads for callers")
        try:
            self._handle(self.push, message)
        finally:
            self._push_slots.release()
        return Response(status=ACKNOWLEDGED)

    def _handle(self, push: PushStep[C], message: Delivery) -> None:
        """Run the step for a message, and quarantine what a retry cannot help."""
        try:
            with job_labels(cause=message.subscription.rpartition("/")[2]):
                push(self.context, message)
        except (Retryable, NotReady):
            raise  # what the message asks for is still to be done: it is delivered again
        except Permanent as error:
            logger.warning(error.message, extra={"facts": {"code": error.code}})
            self.context.ops.message(message, error)
        except TipoffError as error:
            logger.info(error.message, extra={"facts": {"code": error.code}})

    @property
    def context(self) -> C:
        """The context. Concurrent first requests share one."""
        with self._opening:
            if self._context is None:
                self._context = self.open_context(self._settings)
            return self._context


def _body(request: Request) -> bytes:
    """The body, read up to the limit. The header Content-Length is not trusted."""
    body = request.stream.read(REQUEST_BYTES_MAX + 1)
    if len(body) > REQUEST_BYTES_MAX:
        raise BadRequest("too_large", f"a request has at most {REQUEST_BYTES_MAX} bytes")
    return body


def _at_schedule_time(arguments: msgspec.Struct, scheduled: str | None) -> msgspec.Struct:
    """A call of Cloud Scheduler is judged at its scheduled time, also when it comes late or is repeated."""
    if scheduled is None or getattr(arguments, "as_of", ...) is not None:
        return arguments
    return msgspec.structs.replace(arguments, as_of=msgspec.convert(scheduled, datetime))


def _refuse(error: TipoffError) -> Response:
    if isinstance(error, Misconfigured):
        logger.error(error.message, extra={"facts": {"event": "misconfigured", "code": error.code}})
    else:
        logger.warning(error.message, extra={"facts": {"code": error.code}})
    body = msgspec.json.encode(http.error_body(error))
    return Response(body, http.status_of(error), content_type="application/json")
