"""Pub/Sub as documented, through the official client."""

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, NotFound
from google.cloud.pubsub_v1 import SubscriberClient as StreamingClient
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, ReceivedMessage, RetryPolicy, Subscription

from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer

pytestmark = pytest.mark.parametrize("server", ["tipoff_local", "pubsub-emulator"])
PROJECT = "projects/tipoff-tests"


class Bus:
    """A topic of one scenario, with its subscriptions."""

    def __init__(self, endpoint: str) -> None:
        channel = grpc.insecure_channel(endpoint)
        self.endpoint = endpoint
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self.topic = self.make_topic()

    def make_topic(self) -> str:
        return str(self.publisher.create_topic(name=f"{PROJECT}/topics/t-{uuid.uuid4().hex}").name)

    def subscribe(self, topic: str | None = None, **settings: object) -> str:
        name = f"{PROJECT}/subscriptions/s-{uuid.uuid4().hex}"
        wanted = Subscription(name=name, topic=topic or self.topic, **settings)
        return str(self.subscriber.create_subscription(wanted).name)

    def publish(self, data: bytes = b"x", **attributes: str) -> str:
        message = {"data": data, "attributes": attributes}
        return str(self.publisher.publish(topic=self.topic, messages=[message], retry=None).message_ids[0])

    def pull(self, subscription: str, timeout_s: float = 10.0) -> ReceivedMessage:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            answer = self.subscriber.pull(
                {"subscription": subscription, "max_messages": 1, "return_immediately": True})  # fmt: skip
            if answer.received_messages:
                return answer.received_messages[0]
            time.sleep(0.02)
        raise TimeoutError("nothing to pull")

    def nack(self, subscription: str, message: ReceivedMessage) -> None:
        self.subscriber.modify_ack_deadline(
            subscription=subscription, ack_ids=[message.ack_id], ack_deadline_seconds=0)  # fmt: skip


class Endpoint:
    """Records pushed messages; answers with the next status of `answers`, then with 204."""

    def __init__(self) -> None:
        self.got: list[tuple[float, Request]] = []
        self.answers: list[int] = []
        self.server = HttpServer(self._answer)
        self.server.start()

    def _answer(self, request: Request) -> Response:
        self.got.append((time.monotonic(), request))
        return Response(self.answers.pop(0) if self.answers else 204)

    def bodies(self, number: int) -> list[dict[str, object]]:
        wait_until(lambda: len(self.got) >= number, seconds=8)
        return [json.loads(request.body) for _, request in self.got]

    @property
    def config(self) -> PushConfig:
        return PushConfig(push_endpoint=f"{self.server.url}/push")


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


def backoff(minimum_s: float, maximum_s: float) -> RetryPolicy:
    def duration(seconds: float) -> Duration:
        return Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))

    return RetryPolicy(minimum_backoff=duration(minimum_s), maximum_backoff=duration(maximum_s))


@pytest.fixture
def bus(pubsub_endpoint: str) -> Bus:
    return Bus(pubsub_endpoint)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.server.stop()


def test_each_subscription_gets_each_message_once_acknowledged(bus: Bus) -> None:
    first, second = bus.subscribe(), bus.subscribe()
    message_id = bus.publish(b"hello", k="v")
    for subscription in (first, second):
        received = bus.pull(subscription)
        assert (received.message.data, dict(received.message.attributes)) == (b"hello", {"k": "v"})
        assert received.message.message_id == message_id
        bus.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
    with pytest.raises(TimeoutError):
        bus.pull(first, timeout_s=0.3)


def test_names_that_do_not_exist_or_exist_already(bus: Bus) -> None:
    with pytest.raises(NotFound):
        bus.publisher.publish(topic=f"{PROJECT}/topics/none", messages=[{"data": b"x"}], retry=None)
    with pytest.raises(NotFound):
        bus.subscriber.get_subscription(subscription=f"{PROJECT}/subscriptions/none")
    with pytest.raises(AlreadyExists):
        bus.publisher.create_topic(name=bus.topic)


def test_an_empty_message_is_refused(bus: Bus) -> None:
    with pytest.raises(InvalidArgument):
        bus.publisher.publish(topic=bus.topic, messages=[{}], retry=None)


@pytest.mark.parametrize("name", ["ab", "1abc", "goog-x", "a b c"])
def test_a_bad_name_is_refused(bus: Bus, name: str) -> None:
    with pytest.raises(InvalidArgument):
        bus.publisher.create_topic(name=f"{PROJECT}/topics/{name}", retry=None)


@pytest.mark.parametrize("seconds", [9, 601])
def test_an_ack_deadline_outside_10_to_600_is_refused(bus: Bus, seconds: int) -> None:
    with pytest.raises(InvalidArgument):
        bus.subscribe(ack_deadline_seconds=seconds)


def test_the_default_ack_deadline_is_10_seconds(bus: Bus) -> None:
    subscription = bus.subscribe()
    assert bus.subscriber.get_subscription(subscription=subscription).ack_deadline_seconds == 10


def test_a_nack_is_redelivered_with_the_next_attempt(bus: Bus) -> None:
    dead = DeadLetterPolicy(dead_letter_topic=bus.make_topic(), max_delivery_attempts=5)
    subscription = bus.subscribe(dead_letter_policy=dead)
    bus.publish()
    first = bus.pull(subscription)
    bus.nack(subscription, first)
    second = bus.pull(subscription)
    assert (first.delivery_attempt, second.delivery_attempt) == (1, 2)
    assert first.message.message_id == second.message.message_id


def test_without_a_dead_letter_policy_attempts_are_not_counted(bus: Bus) -> None:
    subscription = bus.subscribe()
    bus.publish()
    assert bus.pull(subscription).delivery_attempt == 0


def test_after_its_attempts_a_message_moves_to_the_dead_letter_topic(bus: Bus) -> None:
    graveyard = bus.make_topic()
    hold = bus.subscribe(graveyard)
    dead = DeadLetterPolicy(dead_letter_topic=graveyard, max_delivery_attempts=5)
    subscription = bus.subscribe(dead_letter_policy=dead, retry_policy=backoff(0.1, 0.1))
    bus.publish(b"poison", k="v")
    for _ in range(5):
        bus.nack(subscription, bus.pull(subscription))
    buried = bus.pull(hold, timeout_s=5).message
    attributes = dict(buried.attributes)
    assert (buried.data, attributes["k"]) == (b"poison", "v")
    assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert attributes["CloudPubSubDeadLetterSourceSubscription"] == subscription.rsplit("/", 1)[1]
    assert attributes["CloudPubSubDeadLetterSourceSubscriptionProject"] == "tipoff-tests"
    assert "CloudPubSubDeadLetterSourceTopicPublishTime" in attributes


def test_the_dead_letter_topic_must_exist(bus: Bus) -> None:
    dead = DeadLetterPolicy(dead_letter_topic=f"{PROJECT}/topics/none", max_delivery_attempts=5)
    with pytest.raises(NotFound):
        bus.subscribe(dead_letter_policy=dead)


def test_a_push_is_wrapped(bus: Bus, endpoint: Endpoint) -> None:
    subscription = bus.subscribe(push_config=endpoint.config)
    message_id = bus.publish(b"hello", k="v")
    [body] = endpoint.bodies(1)
    message = body["message"]
    assert isinstance(message, dict)
    assert body["subscription"] == subscription
    assert base64.b64decode(message["data"]) == b"hello" and message["attributes"] == {"k": "v"}
    assert message["messageId"] == message["message_id"] == message_id
    assert message["publishTime"] == message["publish_time"]
    assert endpoint.got[0][1].headers["content-type"] == "application/json"
    assert endpoint.got[0][1].target == "/push"


def test_a_push_counts_attempts_under_a_dead_letter_policy(bus: Bus, endpoint: Endpoint) -> None:
    endpoint.answers = [500]
    dead = DeadLetterPolicy(dead_letter_topic=bus.make_topic(), max_delivery_attempts=5)
    bus.subscribe(push_config=endpoint.config, dead_letter_policy=dead, retry_policy=backoff(0.1, 0.1))
    bus.publish()
    assert [body.get("deliveryAttempt") for body in endpoint.bodies(2)] == [1, 2]


def test_a_push_carries_an_identity_token(bus: Bus, endpoint: Endpoint) -> None:
    config = endpoint.config
    config.oidc_token = PushConfig.OidcToken(service_account_email="push@tipoff-tests.iam.gserviceaccount.com")
    bus.subscribe(push_config=config)
    bus.publish()
    endpoint.bodies(1)
    assert endpoint.got[0][1].headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_acknowledges_a_push(bus: Bus, endpoint: Endpoint, status: int) -> None:
    endpoint.answers = [status]
    bus.subscribe(push_config=endpoint.config)
    bus.publish()
    endpoint.bodies(1)
    time.sleep(1.2)
    assert len(endpoint.got) == 1


@pytest.mark.parametrize("status", [203, 301, 400, 404, 429, 500])
def test_anything_else_redelivers_a_push(bus: Bus, endpoint: Endpoint, status: int) -> None:
    endpoint.answers = [status]
    bus.subscribe(push_config=endpoint.config, retry_policy=backoff(0.1, 0.1))
    bus.publish()
    assert len(endpoint.bodies(2)) == 2


def test_pushes_are_retried_after_a_doubling_delay(bus: Bus, endpoint: Endpoint) -> None:
    endpoint.answers = [500] * 3
    bus.subscribe(push_config=endpoint.config, retry_policy=backoff(0.5, 60))
    bus.publish()
    endpoint.bodies(4)
    instants = [instant for instant, _ in endpoint.got]
    delays = [later - earlier for earlier, later in zip(instants, instants[1:], strict=False)]
    assert [round(delay * 2) for delay in delays] == [1, 2, 4]


def test_a_streaming_pull_acknowledges_and_nacks(bus: Bus) -> None:
    subscription = bus.subscribe(retry_policy=backoff(0, 0))
    channel = grpc.insecure_channel(bus.endpoint)
    client = StreamingClient(transport=SubscriberGrpcTransport(channel=channel))
    seen: list[bytes] = []
    lock = threading.Lock()

    def receive(message: object) -> None:
        with lock:
            first = message.data not in seen  # type: ignore[attr-defined]
            seen.append(message.data)  # type: ignore[attr-defined]
        message.nack() if first and message.data == b"7" else message.ack()  # type: ignore[attr-defined]

    future = client.subscribe(subscription, receive)
    for number in range(20):
        bus.publish(str(number).encode())
    wait_until(lambda: len(seen) >= 21)
    future.cancel()
    client.close()
    assert sorted(set(seen)) == sorted(str(number).encode() for number in range(20))
    assert seen.count(b"7") == 2


def test_a_subscription_outlives_its_topic(bus: Bus) -> None:
    subscription = bus.subscribe()
    bus.publisher.delete_topic(topic=bus.topic)
    assert bus.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"


def test_turning_push_off_leaves_messages_to_pull(bus: Bus, endpoint: Endpoint) -> None:
    subscription = bus.subscribe(push_config=endpoint.config)
    bus.subscriber.modify_push_config(subscription=subscription, push_config=PushConfig())
    time.sleep(0.2)
    message_id = bus.publish()
    assert bus.pull(subscription).message.message_id == message_id


def test_a_filter_with_bad_syntax_is_refused(bus: Bus) -> None:
    with pytest.raises(InvalidArgument):
        bus.subscribe(filter="nonsense !!")


def test_a_filter_drops_what_does_not_match(bus: Bus) -> None:
    subscription = bus.subscribe(filter='attributes.kind = "wanted"')
    bus.publish(b"no", kind="other")
    bus.publish(b"yes", kind="wanted")
    assert bus.pull(subscription).message.data == b"yes"


def test_messages_of_one_key_come_in_order(bus: Bus) -> None:
    subscription = bus.subscribe(enable_message_ordering=True)
    messages = [{"data": str(number).encode(), "ordering_key": "k"} for number in range(5)]
    bus.publisher.publish(topic=bus.topic, messages=messages, retry=None)
    for number in range(5):
        received = bus.pull(subscription)
        assert received.message.data == str(number).encode()
        bus.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
