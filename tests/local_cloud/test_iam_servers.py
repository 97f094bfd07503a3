"""Each server refuses a call before its handler, in the form of its service."""

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import urllib3
from google.api_core.exceptions import Forbidden, PermissionDenied
from google.cloud import storage
from google.oauth2.credentials import Credentials
from google.pubsub_v1 import types
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tipoff.cloud.clients.channels import channel
from tipoff_local.iam.access import Enforced, PolicyFile, PolicyFolder
from tipoff_local.iam.grants import Grant
from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer

PROJECT = "tipoff-tests"
WRITER, READER = (f"{name}@{PROJECT}.iam.gserviceaccount.com" for name in ("writer", "reader"))
GRANTS = (
    Grant("storage_bucket:kept", "roles/storage.objectCreator", f"serviceAccount:{WRITER}"),
    Grant("storage_bucket:kept", "roles/storage.objectViewer", f"serviceAccount:{READER}"),
    Grant("pubsub_topic:told", "roles/pubsub.publisher", f"serviceAccount:{WRITER}"),
)
TOPIC = f"projects/{PROJECT}/topics/told"


@pytest.fixture
def access(identity: Identity) -> Enforced:
    PolicyFolder(identity.folder).write(PolicyFile(PROJECT, "1", "user:operator@example.com", GRANTS))
    return Enforced(identity)


@pytest.fixture
def buckets(tmp_path: Path, access: Enforced) -> Iterator[StorageServer]:
    server = StorageServer(tmp_path / "storage", access=access)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def topics(tmp_path: Path, identity: Identity, access: Enforced) -> Iterator[PubsubServer]:
    server = PubsubServer(tmp_path / "pubsub", identity, access=access)
    server.start()
    server.create_topic(TOPIC)
    yield server
    server.stop()


def bucket(server: StorageServer, identity: Identity, email: str) -> storage.Bucket:
    credentials = Credentials(identity.access_token(email))
    return storage.Client(PROJECT, credentials, client_options={"api_endpoint": server.url}).bucket("kept")


def test_storage(
    buckets: StorageServer, identity: Identity, access: Enforced, storage_client: "type[storage.Client]"
) -> None:
    storage_client(buckets.url).create_bucket("kept")
    writer, reader = (bucket(buckets, identity, email) for email in (WRITER, READER))
    writer.blob("a").upload_from_string(b"1")
    assert reader.blob("a").download_as_bytes() == b"1"
    assert [blob.name for blob in reader.list_blobs()] == ["a"]
    with pytest.raises(Forbidden, match=r"storage\.objects\.get"):
        writer.blob("a").download_as_bytes()
    with pytest.raises(Forbidden, match=r"storage\.objects\.list"):
        list(writer.list_blobs())
    with pytest.raises(Forbidden, match=r"storage\.objects\.delete"):
        writer.blob("a").upload_from_string(b"2")
    with pytest.raises(Forbidden, match=r"storage\.objects\.create"):
        reader.blob("b").upload_from_string(b"2")
    with pytest.raises(Forbidden, match=r"storage\.objects\.delete"):
        reader.blob("a").delete()
    with pytest.raises(Forbidden, match=r"storage\.objects\.get"):
        writer.copy_blob(writer.blob("a"), writer, "b")
    with pytest.raises(Forbidden, match="not in the table"):
        reader.create()
    assert reader.blob("a").download_as_bytes() == b"1"


def test_pubsub_by_grpc(topics: PubsubServer, identity: Identity) -> None:
    def client(email: str) -> PublisherClient:
        transport = PublisherGrpcTransport(channel=channel(topics.endpoint, identity.access_token(email)))
        return PublisherClient(transport=transport)

    assert client(WRITER).publish(topic=TOPIC, messages=[{"data": b"x"}]).message_ids
    with pytest.raises(PermissionDenied, match=r"Permission 'pubsub\.topics\.publish' denied") as refused:
        client(READER).publish(topic=TOPIC, messages=[{"data": b"x"}])
    assert refused.value.grpc_status_code is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(PermissionDenied):
        client(WRITER).delete_topic(topic=TOPIC)


def test_pubsub_by_rest(topics: PubsubServer, identity: Identity) -> None:
    def publish(headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        body = json.dumps({"messages": [{"data": "eA=="}]})
        return urllib3.request("POST", f"{topics.rest_url}/v1/{TOPIC}:publish", body=body, headers=headers)

    assert publish({}).status == 200, "the operator, as gcloud without credentials"
    assert publish({"Authorization": f"Bearer {identity.access_token(WRITER)}"}).status == 200
    refused = publish({"Authorization": f"Bearer {identity.access_token(READER)}"})
    error = refused.json()["error"]
    assert (refused.status, error["code"], error["status"]) == (403, 403, "PERMISSION_DENIED")
    assert publish({"Authorization": "Bearer nonsense"}).status == 401


def test_dead_letters_need_both_grants_of_the_service_agent(
    topics: PubsubServer, identity: Identity, access: Enforced
) -> None:
    """Without them the message stays in its subscription."""
    agent = access.agent("pubsub").member
    consume = Grant("pubsub_subscription:read", "roles/pubsub.subscriber", agent)
    publish = Grant("pubsub_topic:dead", "roles/pubsub.publisher", agent)
    policy = PolicyFolder(identity.folder)
    dead = f"projects/{PROJECT}/topics/dead"
    topics.create_topic(dead)
    read, kept = (f"projects/{PROJECT}/subscriptions/{name}" for name in ("read", "kept"))
    letters = types.DeadLetterPolicy(dead_letter_topic=dead, max_delivery_attempts=5)
    topics.ensure_subscription(types.Subscription(name=read, topic=TOPIC, dead_letter_policy=letters))
    topics.ensure_subscription(types.Subscription(name=kept, topic=dead))
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel(topics.endpoint)))
    topics.publish(TOPIC, b"x", {})

    def refuse() -> None:
        for message in subscriber.pull(subscription=read, max_messages=1).received_messages:
            subscriber.modify_ack_deadline(subscription=read, ack_ids=[message.ack_id], ack_deadline_seconds=0)

    for grants in ((), (consume,), (publish,)):
        policy.write(PolicyFile(PROJECT, "1", "user:operator@example.com", (*GRANTS, *grants)))
        for _ in range(5):
            refuse()
        assert (topics.backlog(read), topics.backlog(kept)) == (1, 0)
    policy.write(PolicyFile(PROJECT, "1", "user:operator@example.com", (*GRANTS, consume, publish)))
    refuse()
    assert (topics.backlog(read), topics.backlog(kept)) == (0, 1)
    assert policy.used() == {consume, publish}
