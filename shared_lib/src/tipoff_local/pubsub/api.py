"""The methods of google.pubsub.v1. The gRPC and REST servers both call them."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.pubsub_v1 import types

from tipoff_local.errors import ApiError, invalid, unsupported
from tipoff_local.pubsub.broker import Broker, contents_of
from tipoff_local.pubsub.queue import Lease, Queue
from tipoff_local.pubsub.rules import check_ack_deadline, check_batch

_PULL_WAIT_S = 20.0
_STREAM_BATCH = 100
_UPDATABLE = frozenset({
    "ack_deadline_seconds", "push_config", "retry_policy", "dead_letter_policy", "labels",
    "message_retention_duration", "expiration_policy",
})  # fmt: skip


@dataclass(frozen=True)
class Api:
    """The methods of Publisher and Subscriber, each with its request message."""

    broker: Broker

    def create_topic(self, request: types.Topic) -> types.Topic:
        """CreateTopic."""
        return self.broker.create_topic(request)

    def get_topic(self, request: types.GetTopicRequest) -> types.Topic:
        """GetTopic."""
        return self.broker.topic(request.topic)

    def update_topic(self, request: types.UpdateTopicRequest) -> types.Topic:
        """UpdateTopic, labels only."""
        merged = types.Topic(self.broker.topic(request.topic.name))
        for path in request.update_mask.paths:
            if path != "labels":
                raise unsupported(f"updating {path!r} of a topic")
            merged.labels = request.topic.labels
        return self.broker.update_topic(merged)

    def list_topics(self, request: types.ListTopicsRequest) -> types.ListTopicsResponse:
        """ListTopics, in pages."""
        page, token = _page(self.broker.topics(request.project), request.page_size, request.page_token)
        return types.ListTopicsResponse(topics=page, next_page_token=token)

    def list_topic_subscriptions(
        self, request: types.ListTopicSubscriptionsRequest
    ) -> types.ListTopicSubscriptionsResponse:
        """ListTopicSubscriptions, in pages."""
        self.broker.topic(request.topic)
        names = self.broker.subscriptions_of(request.topic)
        page, token = _page(names, request.page_size, request.page_token)
        return types.ListTopicSubscriptionsResponse(subscriptions=page, next_page_token=token)

    def delete_topic(self, request: types.DeleteTopicRequest) -> empty_pb2.Empty:
        """DeleteTopic."""
        self.broker.delete_topic(request.topic)
        return empty_pb2.Empty()

    def publish(self, request: types.PublishRequest) -> types.PublishResponse:
        """Publish; answers when the messages are durable."""
        check_batch(request.messages)
        ids = self.broker.publish(request.topic, contents_of(request.messages))
        return types.PublishResponse(message_ids=ids)

    def create_subscription(self, request: types.Subscription) -> types.Subscription:
        """CreateSubscription."""
        return self.broker.create_subscription(request)

    def get_subscription(self, request: types.GetSubscriptionRequest) -> types.Subscription:
        """GetSubscription."""
        return self.broker.subscription(request.subscription)

    def update_subscription(self, request: types.UpdateSubscriptionRequest) -> types.Subscription:
        """UpdateSubscription of the fields in the mask."""
        merged = types.Subscription(self.broker.subscription(request.subscription.name))
        for path in request.update_mask.paths:
            if path not in _UPDATABLE:
                raise unsupported(f"updating {path!r} of a subscription")
            if path in request.subscription:
                setattr(merged, path, getattr(request.subscription, path))
            else:
                protobuf = types.Subscription.pb(merged)
                protobuf.ClearField(path)
        return self.broker.update_subscription(merged)

    def list_subscriptions(self, request: types.ListSubscriptionsRequest) -> types.ListSubscriptionsResponse:
        """ListSubscriptions, in pages."""
        found = self.broker.subscriptions(request.project)
        page, token = _page(found, request.page_size, request.page_token)
        return types.ListSubscriptionsResponse(subscriptions=page, next_page_token=token)

    def delete_subscription(self, request: types.DeleteSubscriptionRequest) -> empty_pb2.Empty:
        """DeleteSubscription."""
        self.broker.delete_subscription(request.subscription)
        return empty_pb2.Empty()

    def modify_push_config(self, request: types.ModifyPushConfigRequest) -> empty_pb2.Empty:
        """ModifyPushConfig; an empty config makes it a pull subscription."""
        merged = types.Subscription(self.broker.subscription(request.subscription))
        merged.push_config = request.push_config
        self.broker.update_subscription(merged)
        return empty_pb2.Empty()

    def pull(self, request: types.PullRequest, max_wait_s: float = _PULL_WAIT_S) -> types.PullResponse:
        """Pull: waits up to `max_wait_s` and at most 20 seconds for the first message."""
        if request.max_messages < 1:
            raise invalid("max_messages must be positive.")
        subscription = self.broker.subscription(request.subscription)
        if subscription.push_config.push_endpoint:
            raise invalid("This method is not supported for this subscription type.")
        wait_s = 0.0 if request.return_immediately else min(max_wait_s, _PULL_WAIT_S)
        leases = self.broker.queue(request.subscription).take(min(request.max_messages, 1000), wait_s)
        return types.PullResponse(received_messages=received(subscription, leases))

    def acknowledge(self, request: types.AcknowledgeRequest) -> empty_pb2.Empty:
        """Acknowledge; unknown and expired ids have no effect."""
        _check_ids(request.ack_ids)
        self.broker.queue(request.subscription).ack(request.ack_ids)
        return empty_pb2.Empty()

    def modify_ack_deadline(self, request: types.ModifyAckDeadlineRequest) -> empty_pb2.Empty:
        """ModifyAckDeadline; 0 seconds is a NACK."""
        _check_ids(request.ack_ids)
        check_ack_deadline(request.ack_deadline_seconds)
        self.broker.queue(request.subscription).extend(request.ack_ids, request.ack_deadline_seconds)
        return empty_pb2.Empty()

    def streaming_pull(
        self, requests: Iterator[types.StreamingPullRequest], active: Callable[[], bool]
    ) -> Iterator[types.StreamingPullResponse]:
        """StreamingPull until the caller closes the stream; `active` says whether it is open."""
        first = next(requests)
        subscription = self.broker.subscription(first.subscription)
        check_ack_deadline(first.stream_ack_deadline_seconds, lowest=10)
        stream = _Stream(self.broker.queue(first.subscription), first)
        threading.Thread(target=stream.listen, args=(requests,), daemon=True).start()
        while active() and stream.error is None:
            leases = stream.next_leases()
            if leases:
                yield types.StreamingPullResponse(received_messages=received(subscription, leases))
        if stream.error is not None:
            raise stream.error


class _Stream:
    """One open StreamingPull: its ack deadline, its flow control and its outstanding messages."""

    def __init__(self, queue: Queue, first: types.StreamingPullRequest) -> None:
        self._queue = queue
        self._deadline_s = float(first.stream_ack_deadline_seconds)
        self._max_messages = first.max_outstanding_messages if first.max_outstanding_messages > 0 else None
        self._max_bytes = first.max_outstanding_bytes if first.max_outstanding_bytes > 0 else None
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()
        self.error: ApiError | None = None

    def next_leases(self) -> list[Lease]:
        """The next deliveries that flow control allows; none after a short wait, so the caller can check its stream."""
        room = self._room()
        if room <= 0:
            threading.Event().wait(0.005)
            return []
        leases = self._queue.take(room, wait_s=0.2, deadline_s=self._deadline_s)
        with self._lock:
            self._sizes |= {lease.ack_id: len(lease.message.data) for lease in leases}
        return leases

    def listen(self, requests: Iterator[types.StreamingPullRequest]) -> None:
        """Apply the requests of the caller until it closes the stream; a malformed request ends the stream."""
        try:
            for request in requests:
                self._apply(request)
        except ApiError as error:
            self.error = error
        except grpc.RpcError:
            return  # the caller closed the stream

    def _apply(self, request: types.StreamingPullRequest) -> None:
        deadlines = request.modify_deadline_seconds
        if len(deadlines) != len(request.modify_deadline_ack_ids) or any(s < 0 for s in deadlines):
            raise invalid("modify_deadline_ack_ids and modify_deadline_seconds must match, seconds >= 0.")
        _check_ids([*request.ack_ids, *request.modify_deadline_ack_ids])
        if request.stream_ack_deadline_seconds:
            check_ack_deadline(request.stream_ack_deadline_seconds, lowest=10)
            self._deadline_s = float(request.stream_ack_deadline_seconds)
        self._queue.ack(request.ack_ids)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, deadlines, strict=True):
            self._queue.extend([ack_id], seconds)

    def _room(self) -> int:
        if self._max_messages is None and self._max_bytes is None:
            return _STREAM_BATCH
        with self._lock:
            leased = self._queue.outstanding(self._sizes)
            self._sizes = {ack_id: size for ack_id, size in self._sizes.items() if ack_id in leased}
            if self._max_bytes is not None and sum(self._sizes.values()) >= self._max_bytes:
                return 0
            return min(_STREAM_BATCH, (self._max_messages or _STREAM_BATCH * 100) - len(self._sizes))


def received(subscription: types.Subscription, leases: list[Lease]) -> list[types.ReceivedMessage]:
    """Leases as messages of the API; delivery_attempt is 0 without a dead-letter policy."""
    counts = "dead_letter_policy" in subscription
    return [
        types.ReceivedMessage(
            ack_id=lease.ack_id,
            message=types.PubsubMessage(
                data=lease.message.data, attributes=lease.message.attributes,
                message_id=str(lease.message.id), publish_time=lease.message.published_at,
            ),
            delivery_attempt=lease.attempt if counts else 0,
        )
        for lease in leases
    ]  # fmt: skip


def _check_ids(ack_ids: Any) -> None:
    for ack_id in ack_ids:
        if ack_id.count(":") != 2:
            raise invalid(f"You have passed an invalid ack ID to the server (ack_id={ack_id}).")


def _page[T](items: list[T], size: int, token: str) -> tuple[list[T], str]:
    if token and not token.isdigit():
        raise invalid("The page token is invalid.")
    start = int(token or 0)
    end = start + (size or 1000)
    return items[start:end], str(end) if end < len(items) else ""
