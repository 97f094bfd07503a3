"""Pub/Sub clients."""

from google.cloud import pubsub_v1
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.channels import channel


def publisher_client(at: Endpoints) -> pubsub_v1.PublisherClient:
    """A Pub/Sub publisher that sends each message at once: callers batch on their own."""
    batch = pubsub_v1.types.BatchSettings(max_messages=1)
    if at.pubsub_emulator_host is None:
        return pubsub_v1.PublisherClient(batch_settings=batch)
    transport = PublisherGrpcTransport(channel=channel(at.pubsub_emulator_host))
    return pubsub_v1.PublisherClient(batch_settings=batch, transport=transport)
