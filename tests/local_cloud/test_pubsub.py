"""Our Pub/Sub server, beyond the conformance scenarios: refusals, restart, fairness, server identity."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from google.api_core.exceptions import GoogleAPICallError, MethodNotImplemented
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, RetryPolicy, Subscription, Topic

from tipoff_local.http1 import Client, Request, Response
from tipoff_local.httpd import HttpServer, PortTaken
from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer

PROJECT = "projects/tipoff-tests"
TOPIC, DEAD = f"{PROJECT}/topics/raw-ready-dev", f"{PROJECT}/topics/dead-letters-dev"
ACCOUNT = "push-analyze@tipoff-tests.iam.gserviceaccount.com"


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.005)


class Endpoint:
    """A push endpoint that gives set answers and records its requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 204
        self.delay_s = 0.0
        self.busy = 0
        self.most_busy = 0
        self._lock = threading.Lock()
        self.server = HttpServer(self._answer)
        self.server.start()

    def _answer(self, request: Request) -> Response:
        with self._lock:
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        time.sleep(self.delay_s)
        with self._lock:
            self.busy -= 1
            self.requests.append(request)
        return Response(self.status)

    def subscription(self, name: str, **changes: object) -> Subscription:
        oidc = PushConfig.OidcToken(service_account_email=ACCOUNT, audience="https://analyze.run.app")
        push = PushConfig(push_endpoint=f"{self.server.url}/{name}", oidc_token=oidc)
        return Subscription(name=f"{PROJECT}/subscriptions/{name}", topic=TOPIC, push_config=push, **changes)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.server.stop()


def test_a_push_carries_a_token_that_the_host_can_verify(
    pubsub_server: PubsubServer, endpoint: Endpoint, identity: Identity
) -> None:
    pubsub_server.create_topic(TOPIC)
    pubsub_server.ensure_subscription(endpoint.subscription("analyze"))
    pubsub_server.publish(TOPIC, b"{}", {})
    wait_until(lambda: bool(endpoint.requests))
    token = endpoint.requests[0].headers["authorization"].removeprefix("Bearer ")
    assert identity.verify(token, "https://analyze.run.app", {ACCOUNT}) == ACCOUNT


UNSUPPORTED: dict[str, dict[str, object]] = {
    "filter": {"filter": "attributes:k"},
    "enable_message_ordering": {"enable_message_ordering": True},
    "enable_exactly_once_delivery": {"enable_exactly_once_delivery": True},
    "retain_acked_messages": {"retain_acked_messages": True},
    "bigquery_config": {"bigquery_config": {"table": "p.d.t"}},
    "no_wrapper": {"push_config": {"push_endpoint": "http://x/", "no_wrapper": {"write_metadata": True}}},
    "https": {"push_config": {"push_endpoint": "https://example.com/"}},
}


@pytest.mark.parametrize("feature", UNSUPPORTED)
def test_a_subscription_asking_for_more_is_refused_by_name(
    pubsub_server: PubsubServer, subscriber: Callable[[str], SubscriberClient], feature: str
) -> None:
    pubsub_server.create_topic(TOPIC)
    wanted = Subscription(name=f"{PROJECT}/subscriptions/more", topic=TOPIC, **UNSUPPORTED[feature])
    with pytest.raises(MethodNotImplemented, match=feature):
        subscriber(pubsub_server.endpoint).create_subscription(wanted)


def test_other_methods_and_features_are_refused_by_name(
    pubsub_server: PubsubServer, publisher: Callable[[str], PublisherClient],
    subscriber: Callable[[str], SubscriberClient],
) -> None:  # fmt: skip
    pubsub_server.create_topic(TOPIC)
    sender, receiver = publisher(pubsub_server.endpoint), subscriber(pubsub_server.endpoint)
    calls: list[tuple[str, Callable[[], object]]] = [
        (
            "ordering keys",
            lambda: sender.publish(topic=TOPIC, messages=[{"data": b"x", "ordering_key": "k"}]),
        ),
        ("Subscriber/Seek", lambda: receiver.seek({"subscription": f"{PROJECT}/subscriptions/none"})),
        ("ListSnapshots", lambda: receiver.list_snapshots(project=PROJECT)),
        ("kms_key_name", lambda: sender.create_topic(Topic(name=DEAD, kms_key_name="k"))),
        ("schema_settings", lambda: sender.create_topic(Topic(name=DEAD, schema_settings={"schema": "s"}))),
    ]
    for feature, call in calls:
        with pytest.raises(MethodNotImplemented, match=feature):
            call()


@pytest.mark.parametrize(("messages", "complaint"), [
    ([{}], "non-empty data"),
    ([], "between 1 and 1000"),
    ([{"data": b"x", "attributes": {"goog-x": "y"}}], "goog-x"),
    ([{"data": b"x", "attributes": {"k": "v" * 1025}}], "1024"),
])  # fmt: skip
def test_messages_that_the_service_would_refuse_are_refused(
    pubsub_server: PubsubServer, publisher: Callable[[str], PublisherClient],
    messages: list[dict[str, object]], complaint: str,
) -> None:  # fmt: skip
    pubsub_server.create_topic(TOPIC)
    with pytest.raises(GoogleAPICallError, match=complaint) as caught:
        publisher(pubsub_server.endpoint).publish(topic=TOPIC, messages=messages, retry=None)
    assert caught.value.code == 400


def test_a_restart_keeps_messages_attempts_and_ids(tmp_path: Path, identity: Identity, endpoint: Endpoint) -> None:
    endpoint.status = 503
    server = PubsubServer(tmp_path, identity)
    server.start()
    server.create_topic(TOPIC)
    server.create_topic(DEAD)
    retry = RetryPolicy(minimum_backoff=Duration(nanos=50_000_000), maximum_backoff=Duration(nanos=50_000_000))
    dead = DeadLetterPolicy(dead_letter_topic=DEAD, max_delivery_attempts=100)
    server.ensure_subscription(endpoint.subscription("analyze", retry_policy=retry, dead_letter_policy=dead))
    server.ensure_subscription(Subscription(name=f"{PROJECT}/subscriptions/hold", topic=TOPIC))
    first = server.publish(TOPIC, b"x", {"k": "v"})
    wait_until(lambda: len(endpoint.requests) >= 3)
    server.stop()
    before = len(endpoint.requests)
    endpoint.status = 204
    again = PubsubServer(tmp_path, identity)
    again.start()
    wait_until(lambda: again.backlog(f"{PROJECT}/subscriptions/analyze") == 0)
    body = json.loads(endpoint.requests[before].body)
    assert body["message"]["messageId"] == first and body["message"]["attributes"] == {"k": "v"}
    assert body["deliveryAttempt"] in (before, before + 1)
    assert again.backlog(f"{PROJECT}/subscriptions/hold") == 1
    assert int(again.publish(TOPIC, b"y", {})) > int(first)
    again.stop()


def test_a_slow_subscription_does_not_delay_another(pubsub_server: PubsubServer, endpoint: Endpoint) -> None:
    slow = Endpoint()
    slow.delay_s = 2.0
    pubsub_server.create_topic(TOPIC)
    pubsub_server.ensure_subscription(slow.subscription("slow"))
    pubsub_server.ensure_subscription(endpoint.subscription("quick"))
    for _ in range(40):
        pubsub_server.publish(TOPIC, b"x", {})
    wait_until(lambda: len(endpoint.requests) == 40, seconds=1.9)
    slow.server.stop()


@pytest.mark.parametrize("window", [1, 4])
def test_requests_in_flight_are_bounded_by_the_window(
    tmp_path: Path, identity: Identity, endpoint: Endpoint, window: int
) -> None:
    endpoint.delay_s = 0.02
    server = PubsubServer(tmp_path, identity, push_window=window)
    server.start()
    server.create_topic(TOPIC)
    server.ensure_subscription(endpoint.subscription("analyze"))
    ids = [server.publish(TOPIC, b"x", {}) for _ in range(20)]
    wait_until(lambda: len(endpoint.requests) == 20)
    server.stop()
    assert endpoint.most_busy == window
    if window == 1:
        assert [json.loads(request.body)["message"]["messageId"] for request in endpoint.requests] == ids


def test_a_taken_port_is_a_clear_error_and_each_server_has_its_own_token(
    pubsub_server: PubsubServer, tmp_path: Path, identity: Identity
) -> None:
    with pytest.raises(PortTaken, match=str(pubsub_server.port)):
        PubsubServer(tmp_path / "other", identity, port=pubsub_server.port)
    rest_port = int(pubsub_server.rest_url.rsplit(":", 1)[1])
    with pytest.raises(PortTaken, match=str(rest_port)):
        PubsubServer(tmp_path / "third", identity, rest_port=rest_port)
    answer = Client(pubsub_server.rest_url, 5).request("GET", "/.well-known/tipoff-local", {}, b"")
    assert json.loads(answer.body) == {"instance": pubsub_server.instance}


def push_threads(name: str) -> int:
    return sum(thread.name == f"push-{PROJECT}/subscriptions/{name}" for thread in threading.enumerate())


def more_busy(endpoint: Endpoint, before: int) -> bool:
    return endpoint.busy > before


def test_a_message_does_not_wait_for_a_slow_one_before_it(pubsub_server: PubsubServer, endpoint: Endpoint) -> None:
    """The second message comes during the delivery of the first, when `analyze` collects messages."""
    pubsub_server.create_topic(TOPIC)
    pubsub_server.ensure_subscription(endpoint.subscription("gather"))
    endpoint.delay_s = 1.0
    for _ in range(3):
        before = endpoint.busy
        pubsub_server.publish(TOPIC, b"{}", {})
        wait_until(partial(more_busy, endpoint, before))
    assert endpoint.most_busy == 3


def test_workers_are_started_on_demand_and_stopped(
    pubsub_server: PubsubServer, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipoff_local.pubsub.push.IDLE_ROUNDS", 1)
    pubsub_server.create_topic(TOPIC)
    pubsub_server.ensure_subscription(endpoint.subscription("crowd"))
    assert push_threads("crowd") <= 1
    endpoint.delay_s = 0.3
    for _ in range(40):
        pubsub_server.publish(TOPIC, b"{}", {})
    wait_until(lambda: push_threads("crowd") >= 8)
    wait_until(lambda: len(endpoint.requests) == 40 and push_threads("crowd") == 1, 15)
    endpoint.delay_s = 0
    pubsub_server.publish(TOPIC, b"{}", {})
    wait_until(lambda: len(endpoint.requests) == 41)
