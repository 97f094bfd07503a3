"""Servers for single tests, and the official clients that use them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer

PROJECT = "tipoff-tests"


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    """An identity with a new key."""
    return Identity(tmp_path / "identity")


@pytest.fixture
def storage_client() -> Callable[[str], storage.Client]:
    """The official storage client on a base URL."""
    return lambda url: storage.Client(PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": url})


@pytest.fixture
def storage_server(tmp_path: Path) -> Iterator[StorageServer]:
    """A storage server without notifications."""
    server = StorageServer(tmp_path / "storage")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def pubsub_server(tmp_path: Path, identity: Identity) -> Iterator[PubsubServer]:
    """A Pub/Sub server."""
    server = PubsubServer(tmp_path / "pubsub", identity)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def publisher() -> Callable[[str], PublisherClient]:
    """The official publisher (without batching) on `host:port`."""
    return lambda endpoint: PublisherClient(transport=PublisherGrpcTransport(channel=grpc.insecure_channel(endpoint)))


@pytest.fixture
def subscriber() -> Callable[[str], SubscriberClient]:
    """The official subscriber on `host:port`."""
    return lambda endpoint: SubscriberClient(transport=SubscriberGrpcTransport(channel=grpc.insecure_channel(endpoint)))


@pytest.fixture
def repository() -> Path:
    """The root of the source tree."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the emulator variables from the environment."""
    for name in [name for name in os.environ if name.endswith("_EMULATOR_HOST")]:
        monkeypatch.delenv(name)
