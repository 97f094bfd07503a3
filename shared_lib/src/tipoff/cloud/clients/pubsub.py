"""Pub/Sub clients."""

from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.channels import channel

if TYPE_CHECKING:
    from google.cloud import pubsub_v1

PUBLISH_MESSAGES_MAX = 100
PUBLISH_WAIT_S = 0.01


def publisher_client(at: Endpoints) -> "pubsub_v1.PublisherClient":
    """A Pub/Sub publisher. It sends the messages of a few milliseconds in one request."""
    from google.cloud import pubsub_v1
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

    batch = pubsub_v1.types.BatchSettings(max_messages=PUBLISH_MESSAGES_MAX, max_latency=PUBLISH_WAIT_S)
    if at.pubsub_emulator_host is None:
        return pubsub_v1.PublisherClient(batch_settings=batch)
    transport = PublisherGrpcTransport(channel=channel(at.pubsub_emulator_host, at.emulator_access_token))
    return pubsub_v1.PublisherClient(batch_settings=batch, transport=transport)
