"""The boundary: what each error is to a subscription, and to a workflow or a person (docs/design.md#steps)."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from time import sleep

import msgspec
import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from tipoff.core.errors import (
    BackendUnavailable,
    BadRequest,
    Conflict,
    ContractViolation,
    Misconfigured,
    NotFound,
    NotReady,
    Permanent,
    QuotaPause,
    RateLimited,
    TipoffError,
)
from tipoff.runtime.boundary import REQUEST_BYTES_MAX, Function, Route
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import FunctionSettings

ENVIRONMENT = {
    "PROJECT_ID": "p", "PROJECT_NUMBER": "1", "REGION": "r", "ENVIRONMENT": "local", "RELEASE": "x", "THREADS": "8",
    "DATASET_NBA_OPS": "ops",
}  # fmt: skip


class Body(msgspec.Struct, frozen=True):
    """A request of the test."""

    number: int


class When(msgspec.Struct, frozen=True):
    """A request with an instant."""

    as_of: datetime | None = None


@dataclass
class Context:
    """Remembers what was set aside; steps raise what it holds."""

    error: Exception | None = None
    waits_for: Event = field(default_factory=Event)
    quarantined: list[str] = field(default_factory=list)
    seen: list[Delivery] = field(default_factory=list)

    @property
    def ops(self) -> "Context":
        """It keeps its own log."""
        return self

    def message(self, delivery: Delivery, error: Permanent) -> None:
        """Remember the code."""
        self.quarantined.append(error.code)


def push_step(context: Context, delivery: Delivery) -> None:
    context.seen.append(delivery)
    if delivery.data == b"slow":
        context.waits_for.wait(10)
    if context.error is not None:
        raise context.error


def http_step(context: Context, body: Body) -> Body:
    if context.error is not None:
        raise context.error
    return Body(body.number + 1)


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def client(context: Context, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    function = Function(
        name="tested",
        settings=FunctionSettings,
        open_context=lambda settings: context,
        push=push_step,
        routes=(Route("POST", "/count", Body, http_step), Route("POST", "/when", When, lambda _, when: when)),
    )
    app = Flask("tested")
    app.add_url_rule("/", "root", lambda: function.answer(request), methods=["GET", "POST"], defaults={})
    app.add_url_rule("/<path:path>", "any", lambda path: function.answer(request), methods=["GET", "POST"])
    return app.test_client()


def pushed(data: bytes = b"{}") -> dict[str, object]:
    message = {"data": base64.b64encode(data).decode(), "attributes": {"k": "v"}, "messageId": "1"}
    return {"message": message, "subscription": "projects/p/subscriptions/s", "deliveryAttempt": 3}


ERRORS = [
    (BadRequest("bad", "m"), 204, 400),
    (ContractViolation("schema", "m"), 204, 422),
    (NotFound("gone", "m"), 204, 404),
    (RateLimited("slow", "m"), 429, 429),
    (QuotaPause("quota", "m"), 429, 429),
    (BackendUnavailable("down", "m"), 503, 503),
    (Misconfigured("not_found", "m"), 503, 503),
    (NotReady("LATE", "m"), 409, 409),
    (Conflict("ALREADY_RUNNING", "m"), 204, 409),
    (ValueError("a bug"), 500, 500),
]


def test_a_call_of_the_scheduler_is_judged_at_its_scheduled_time(client: FlaskClient) -> None:
    """A call may come late or be repeated. The header is the scheduler's; an instant in the body is the caller's."""
    headers = {"X-CloudScheduler-ScheduleTime": "2025-01-15T16:00:00Z"}
    assert client.post("/when", json={}, headers=headers).json == {"as_of": "2025-01-15T16:00:00Z"}
    given = {"as_of": "2024-12-31T00:00:00Z"}
    assert client.post("/when", json=given, headers=headers).json == given
    assert client.post("/when", json={}).json == {"as_of": None}
    assert client.post("/count", json={"number": 1}, headers=headers).json == {"number": 2}


@pytest.mark.parametrize(("error", "status", "_http"), ERRORS, ids=lambda v: type(v).__name__)
def test_a_push_is_answered_by_the_type_of_the_error(
    client: FlaskClient, context: Context, error: Exception, status: int, _http: int
) -> None:
    context.error = error
    assert client.post("/", json=pushed()).status_code == status
    assert context.quarantined == ([error.code] if isinstance(error, Permanent) else [])


@pytest.mark.parametrize(("error", "_push", "status"), ERRORS, ids=lambda v: type(v).__name__)
def test_a_workflow_is_answered_by_status_and_code(
    client: FlaskClient, context: Context, error: Exception, _push: int, status: int
) -> None:
    context.error = error
    answer = client.post("/count", json={"number": 1})
    assert answer.status_code == status
    if isinstance(error, TipoffError):
        assert answer.json is not None
        assert answer.json["code"] == ("NOT_READY" if isinstance(error, NotReady) else error.code)


def test_a_burst_of_pushes_leaves_a_quarter_of_the_threads_to_callers(client: FlaskClient, context: Context) -> None:
    """The messages of a bootstrap filled every thread of `analyze`, and the calls of workflows waited behind them."""
    with ThreadPoolExecutor(6) as pool:
        slow = [pool.submit(client.application.test_client().post, "/", json=pushed(b"slow")) for _ in range(6)]
        while len(context.seen) < 6:
            sleep(0.01)
        assert client.post("/", json=pushed()).status_code == 429
        assert client.post("/count", json={"number": 1}).status_code == 200
        context.waits_for.set()
        assert {answer.result().status_code for answer in slow} == {204}
    assert client.post("/", json=pushed()).status_code == 204


def test_a_request_is_typed_or_refused_naming_the_field(client: FlaskClient) -> None:
    """A date that stayed text took phase 4 down (docs/pitfalls.md#4)."""
    answer = client.post("/count", data=b'{"number": "one"}')
    assert answer.status_code == 400
    assert answer.json is not None and "number" in answer.json["message"]
    assert client.post("/count", json={"number": 41}).json == {"number": 42}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"message": {"data": "%%%"}}', b'{"message": 1}'])
def test_a_truncated_envelope_is_refused_not_acknowledged(client: FlaskClient, context: Context, body: bytes) -> None:
    """Bytes that are no message never reach a step (docs/pitfalls.md#14)."""
    assert client.post("/", data=body).status_code == 400
    assert not context.seen


def test_a_body_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    answer = client.post("/", data=b"x" * (REQUEST_BYTES_MAX + 1))
    assert answer.status_code == 400
    assert answer.json is not None and answer.json["code"] == "too_large"


def test_an_eventarc_event_of_a_bucket_reads_as_its_notification(client: FlaskClient, context: Context) -> None:
    headers = {"ce-type": "google.cloud.storage.object.v1.finalized", "ce-id": "7", "ce-specversion": "1.0"}
    body = json.dumps({"bucket": "b", "name": "a/b.json", "generation": "5", "size": "1"})
    assert client.post("/", data=body, headers=headers).status_code == 204
    assert context.seen[0].attributes["objectId"] == "a/b.json"
    assert context.seen[0].attributes["objectGeneration"] == "5"


def test_an_unknown_path_is_a_bad_request_and_health_needs_no_context(client: FlaskClient) -> None:
    assert client.get("/nothing").status_code == 400
    assert client.get("/health").status_code == 200


def test_a_missing_name_stops_the_start_and_lists_every_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as caught:
        Function(name="tested", settings=FunctionSettings, open_context=lambda settings: Context())
    optional = {"TOPIC_ALERTS"}  # only of functions that may publish alerts
    assert all(name in str(caught.value) for name in ENVIRONMENT.keys() - optional)
