"""Counts the bytes of publish and push requests. https://cloud.google.com/pubsub/pricing#message-delivery

A message has the bytes of its data, of its attributes and of the fields that the service adds. A request has at least
1,000 bytes.
"""

from collections.abc import Mapping, Sequence

from tipoff_local.pubsub.journal import Content
from tipoff_local.usage import UsageLog, last_part

REQUEST_BYTES_MIN = 1_000
MESSAGE_FIELDS_BYTES = 20 + 20  # the id and the time


class PubsubUsage:
    """Writes the usage of topics and push subscriptions, under their ids."""

    def __init__(self, log: UsageLog) -> None:
        self._log = log

    def published(self, topic: str, contents: Sequence[Content]) -> None:
        """One publish request."""
        self._add(topic, contents)

    def pushed(self, subscription: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """One push request. A push that is refused is billed too."""
        self._add(subscription, [(data, attributes)])

    def _add(self, path: str, contents: Sequence[Content]) -> None:
        size = sum(_message_bytes(data, attributes) for data, attributes in contents)
        self._log.add(last_part(path), pubsub_messages=len(contents), pubsub_bytes=max(REQUEST_BYTES_MIN, size))


def _message_bytes(data: bytes, attributes: Mapping[str, str]) -> int:
    return len(data) + sum(len(key) + len(value) for key, value in attributes.items()) + MESSAGE_FIELDS_BYTES
