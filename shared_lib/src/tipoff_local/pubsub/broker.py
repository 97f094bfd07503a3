"""The broker: routes published messages to subscriptions, keeps their queues, and forwards dead letters."""

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from google.pubsub_v1 import types

from tipoff_local.errors import ApiError
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.pubsub.journal import Content, Journal
from tipoff_local.pubsub.queue import Delivery, Hooks, Message, Policy, Queue
from tipoff_local.pubsub.rules import already_exists, check_topic, completed, resource_not_found, seconds

DELETED_TOPIC = "_deleted-topic_"
_DEAD_LETTER = "CloudPubSubDeadLetterSource"


class Broker:
    """All state of the Pub/Sub server. Names are full paths: `projects/P/topics/T`.

    Attributes:
        on_queue: called with every subscription that is created, changed or loaded; the pusher uses it.
        on_publish: called with each topic and the messages that are published to it together.
    """

    def __init__(self, folder: Path, access: Access = UNRESTRICTED) -> None:
        self._journal = Journal(folder)
        self._access = access
        self._lock = threading.RLock()
        self._topics = {topic.name: topic for topic in self._journal.load_topics()}
        self._subscriptions: dict[str, types.Subscription] = {}
        self._queues: dict[str, Queue] = {}
        self.on_queue: Callable[[types.Subscription, Queue], None] = lambda subscription, queue: None
        self.on_publish: Callable[[str, Sequence[Content]], None] = lambda topic, contents: None

    def start(self) -> None:
        """Load the subscriptions and their undelivered messages."""
        waiting = self._journal.load_deliveries()
        for subscription in self._journal.load_subscriptions():
            self._add(subscription).put(waiting.get(subscription.name, ()))

    def close(self) -> None:
        """Stop delivering and write the journal."""
        with self._lock:
            for queue in self._queues.values():
                queue.close()
        self._journal.close()

    # -- topics

    def create_topic(self, topic: types.Topic) -> types.Topic:
        """Create a topic; 409 if it exists."""
        check_topic(topic)
        with self._lock:
            if topic.name in self._topics:
                raise already_exists(topic.name)
            self._topics[topic.name] = topic
            self._journal.save_topic(topic)
        return topic

    def update_topic(self, topic: types.Topic) -> types.Topic:
        """Replace a topic; 404 if there is none."""
        check_topic(topic)
        with self._lock:
            self.topic(topic.name)
            self._topics[topic.name] = topic
            self._journal.save_topic(topic)
        return topic

    def topic(self, name: str) -> types.Topic:
        """A topic; 404 if there is none."""
        topic = self._topics.get(name)
        if topic is None:
            raise resource_not_found(name)
        return topic

    def topics(self, project: str) -> list[types.Topic]:
        """All topics of `projects/P`, by name."""
        with self._lock:
            return [self._topics[name] for name in sorted(self._topics) if name.startswith(f"{project}/")]

    def delete_topic(self, name: str) -> None:
        """Delete a topic; its subscriptions stay, with the topic `_deleted-topic_`."""
        with self._lock:
            self.topic(name)
            del self._topics[name]
            self._journal.delete_topic(name)
            for path in self.subscriptions_of(name):
                orphan = types.Subscription(self._subscriptions[path])
                orphan.topic = DELETED_TOPIC
                self._replace(orphan)

    # -- subscriptions

    def create_subscription(self, wanted: types.Subscription) -> types.Subscription:
        """Create a subscription; 409 if it exists, 404 if its topic or dead-letter topic does not."""
        subscription = completed(wanted)
        with self._lock:
            if subscription.name in self._subscriptions:
                raise already_exists(subscription.name)
            self._check_topics(subscription)
            self._journal.save_subscription(subscription)
            self._add(subscription)
        return subscription

    def update_subscription(self, changed: types.Subscription) -> types.Subscription:
        """Replace a subscription; its backlog stays."""
        subscription = completed(changed)
        with self._lock:
            self.subscription(subscription.name)
            self._check_topics(subscription)
            self._replace(subscription)
        return subscription

    def subscription(self, name: str) -> types.Subscription:
        """A subscription; 404 if there is none."""
        subscription = self._subscriptions.get(name)
        if subscription is None:
            raise resource_not_found(name)
        return subscription

    def subscriptions(self, project: str) -> list[types.Subscription]:
        """All subscriptions of `projects/P`, by name."""
        with self._lock:
            names = (name for name in sorted(self._subscriptions) if name.startswith(f"{project}/"))
            return [self._subscriptions[name] for name in names]

    def subscriptions_of(self, topic: str) -> list[str]:
        """Names of the subscriptions of a topic."""
        with self._lock:
            return sorted(name for name, found in self._subscriptions.items() if found.topic == topic)

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription and its undelivered messages."""
        with self._lock:
            self.subscription(name)
            del self._subscriptions[name]
            self._queues.pop(name).close()
            self._journal.delete_subscription(name)

    def queue(self, subscription: str) -> Queue:
        """The backlog of a subscription; 404 if there is none."""
        queue = self._queues.get(subscription)
        if queue is None:
            raise resource_not_found(subscription)
        return queue

    # -- messages

    def publish(self, topic: str, contents: Sequence[Content]) -> list[str]:
        """Publish messages; their ids, once they are durable and queued."""
        return [str(message.id) for message in self._publish(topic, contents)]

    def _publish(
        self, topic: str, contents: Sequence[Content], instead_of: tuple[int, str] | None = None
    ) -> list[Message]:
        with self._lock:
            self.topic(topic)
            queues = [self._queues[name] for name in self.subscriptions_of(topic)]
            messages = self._journal.publish(contents, [queue.name for queue in queues], instead_of)
        for queue in queues:
            queue.put([Delivery(message) for message in messages])
        self.on_publish(topic, contents)
        return messages

    def _add(self, subscription: types.Subscription) -> Queue:
        name = subscription.name
        hooks = Hooks(
            acked=lambda message: self._journal.acked(message.id, name),
            failed=lambda delivery: self._journal.failed(delivery.message.id, name, delivery.failures),
            dead=lambda delivery: self._forward_dead_letter(name, delivery),
        )
        queue = Queue(name, policy_of(subscription), hooks)
        self._subscriptions[name], self._queues[name] = subscription, queue
        self.on_queue(subscription, queue)
        return queue

    def _replace(self, subscription: types.Subscription) -> None:
        self._journal.save_subscription(subscription)
        self._subscriptions[subscription.name] = subscription
        queue = self._queues[subscription.name]
        queue.policy = policy_of(subscription)
        self.on_queue(subscription, queue)

    def _check_topics(self, subscription: types.Subscription) -> None:
        if subscription.topic != DELETED_TOPIC:
            self.topic(subscription.topic)
        if "dead_letter_policy" in subscription:
            self.topic(subscription.dead_letter_policy.dead_letter_topic)

    def _forward_dead_letter(self, name: str, delivery: Delivery) -> bool:
        """Forward a delivery that has used up its attempts, in one transaction.

        Returns:
            False if its dead-letter topic does not exist, or Pub/Sub may not forward to it; the delivery stays then.
        """
        subscription = self._subscriptions.get(name)
        if subscription is None:
            return True  # the subscription was deleted with its messages
        topic = subscription.dead_letter_policy.dead_letter_topic
        if topic not in self._topics or not self._may_forward(name, topic):
            return False
        content = (delivery.message.data, _dead_letter_attributes(name, delivery))
        self._publish(topic, [content], instead_of=(delivery.message.id, name))
        return True

    def _may_forward(self, subscription: str, topic: str) -> bool:
        agent, resources = (
            self._access.agent("pubsub"),
            {"subscription": _name_of(subscription), "topic": _name_of(topic)},
        )
        try:
            self._access.check(agent, "pubsub.agent.forward", resources)
        except ApiError:
            return False
        return True


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]


def policy_of(subscription: types.Subscription) -> Policy:
    """The redelivery policy of a completed subscription."""
    retry = subscription.retry_policy if "retry_policy" in subscription else None
    dead = subscription.dead_letter_policy if "dead_letter_policy" in subscription else None
    return Policy(
        ack_deadline_s=subscription.ack_deadline_seconds,
        min_backoff_s=seconds(retry.minimum_backoff) if retry else None,
        max_backoff_s=seconds(retry.maximum_backoff) if retry else 600.0,
        max_attempts=dead.max_delivery_attempts if dead else None,
    )


def contents_of(messages: Iterable[types.PubsubMessage]) -> list[Content]:
    """Data and attributes of API messages."""
    return [(message.data, dict(message.attributes)) for message in messages]


def _dead_letter_attributes(subscription: str, delivery: Delivery) -> dict[str, str]:
    _, project, _, name = subscription.split("/", 3)
    return delivery.message.attributes | {
        f"{_DEAD_LETTER}DeliveryCount": str(delivery.failures),
        f"{_DEAD_LETTER}Subscription": name,
        f"{_DEAD_LETTER}SubscriptionProject": project,
        f"{_DEAD_LETTER}TopicPublishTime": delivery.message.published_at.isoformat(),
    }
