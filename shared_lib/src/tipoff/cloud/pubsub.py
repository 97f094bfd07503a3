"""Pub/Sub: publishes typed messages. They always have data, because a function refuses a message without it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.pubsub import publisher_client
from tipoff.cloud.errors import translated
from tipoff.cloud.failpoints import around

if TYPE_CHECKING:
    from google.cloud import pubsub_v1

PUBLISH_TIMEOUT_S = 30.0


class Topics:
    """Topics of one project."""

    def __init__(self, at: Endpoints) -> None:
        self._client: pubsub_v1.PublisherClient = publisher_client(at)
        self._project = at.project_id

    def publish(
        self,
        topic: str,
        message: msgspec.Struct | msgspec.Raw,
        dedupe_key: str,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """Publish `message` as JSON (a `Raw` is JSON already) and return the message id once the service has it.

        Args:
            topic: the bare topic id.
            dedupe_key: identifies the fact; receivers drop repeats by it. (A message id does not: a publisher's retry
                gets a new one.)
            attributes: further attributes of the message.
        """
        return self.publish_all(topic, {dedupe_key: message}, attributes)[0]

    def publish_all(
        self,
        topic: str,
        messages: Mapping[str, msgspec.Struct | msgspec.Raw],
        attributes: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Publish messages in parallel, by their dedupe keys. Returns their ids once the service has all of them."""
        path = self._client.topic_path(self._project, topic)
        with around("pubsub.publish"), translated(f"publish to {topic}"):
            futures = [
                self._client.publish(path, msgspec.json.encode(message), **{**(attributes or {}), "dedupe_key": key})
                for key, message in messages.items()
            ]
            return [str(future.result(timeout=PUBLISH_TIMEOUT_S)) for future in futures]
