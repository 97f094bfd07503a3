"""kill -9 of the local cloud: no incomplete object, no lost event, no lost message."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import storage
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.types import PushConfig, Subscription

from tipoff_local.http1 import Client, Disconnected, Request, Response
from tipoff_local.httpd import HttpServer
from tipoff_local.storage import StorageServer

PROJECT = "projects/tipoff-tests"
TOPIC, HOLD, PUSH = (
    f"{PROJECT}/topics/landed",
    f"{PROJECT}/subscriptions/hold",
    f"{PROJECT}/subscriptions/push",
)


class Cloud:
    """The process that is killed."""

    def __init__(self, folder: Path) -> None:
        script = Path(__file__).with_name("cloud_process.py")
        self.process = subprocess.Popen([sys.executable, str(script), str(folder)], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        endpoints = json.loads(self.process.stdout.readline())
        self.storage, self.pubsub = endpoints["storage"], endpoints["pubsub"]

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def body_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest() * 640


def upload_until_killed(url: str, worker: str, answered: list[str]) -> None:
    client = Client(url, 10)
    for number in range(100_000):
        name = f"{worker}/{number}"
        target = f"/upload/storage/v1/b/tipoff-tests-landing/o?uploadType=media&name={name}&ifGenerationMatch=0"
        try:
            answer = client.request("POST", target, {"Content-Type": "application/json"}, body_of(name))
        except (Disconnected, TimeoutError):
            return
        assert answer.status == 200
        answered.append(name)


@pytest.mark.parametrize("round_number", range(3))
def test_a_storage_server_killed_under_load_loses_no_object_and_no_event(
    tmp_path: Path, round_number: int, storage_client: Callable[[str], storage.Client],
    publisher: Callable[[str], PublisherClient], subscriber: Callable[[str], SubscriberClient],
) -> None:  # fmt: skip
    cloud = Cloud(tmp_path)
    publisher(cloud.pubsub).create_topic(name=TOPIC)
    subscriber(cloud.pubsub).create_subscription(name=HOLD, topic=TOPIC)
    bucket = storage_client(cloud.storage).create_bucket("tipoff-tests-landing")
    bucket.notification("landed", "tipoff-tests", payload_format="JSON_API_V1").create()
    answered: list[str] = []
    workers = [
        threading.Thread(target=upload_until_killed, args=(cloud.storage, f"{round_number}-{n}", answered))
        for n in range(4)
    ]
    for worker in workers:
        worker.start()
    while len(answered) < 60 * (1 + round_number):
        time.sleep(0.001)
    cloud.kill()
    for worker in workers:
        worker.join()

    again = Cloud(tmp_path)
    found = {blob.name: blob for blob in storage_client(again.storage).list_blobs("tipoff-tests-landing")}
    assert set(answered) <= set(found)
    for name, blob in found.items():
        data = blob.download_as_bytes()
        assert data == body_of(name)
        assert base64.b64decode(blob.crc32c) == google_crc32c.value(data).to_bytes(4, "big")
    heard: set[str] = set()
    pull = subscriber(again.pubsub)
    while len(heard) < len(found):
        received = pull.pull(subscription=HOLD, max_messages=1000, timeout=10).received_messages
        assert received, f"{len(found) - len(heard)} events are lost"
        heard |= {message.message.attributes["objectId"] for message in received}
        pull.acknowledge(subscription=HOLD, ack_ids=[message.ack_id for message in received])
    again.kill()
    assert heard == set(found)
    stored = StorageServer(tmp_path / "storage")
    stored.stop()
    assert len(list((tmp_path / "storage" / "objects").iterdir())) == len(found)


def test_a_broker_killed_while_pushing_delivers_every_accepted_message(
    tmp_path: Path, publisher: Callable[[str], PublisherClient], subscriber: Callable[[str], SubscriberClient]
) -> None:
    delivered: list[str] = []

    def receive(request: Request) -> Response:
        delivered.append(json.loads(request.body)["message"]["messageId"])
        return Response(204)

    endpoint = HttpServer(receive)
    endpoint.start()
    cloud = Cloud(tmp_path)
    publisher(cloud.pubsub).create_topic(name=TOPIC)
    push = PushConfig(push_endpoint=f"{endpoint.url}/")
    subscriber(cloud.pubsub).create_subscription(Subscription(name=PUSH, topic=TOPIC, push_config=push))
    accepted: list[str] = []

    def publish() -> None:
        client = publisher(cloud.pubsub)
        try:
            while True:
                messages = [{"data": b"x"}] * 10
                accepted.extend(client.publish(topic=TOPIC, messages=messages, retry=None).message_ids)
        except GoogleAPICallError:
            return

    thread = threading.Thread(target=publish)
    thread.start()
    while len(delivered) < 200:
        time.sleep(0.001)
    cloud.kill()
    thread.join()
    again = Cloud(tmp_path)
    end = time.monotonic() + 20
    while not set(accepted) <= set(delivered):
        assert time.monotonic() < end, f"{len(set(accepted) - set(delivered))} messages are lost"
        time.sleep(0.01)
    again.kill()
    endpoint.stop()


def test_a_resumable_upload_goes_on_after_a_crash(
    tmp_path: Path, storage_client: Callable[[str], storage.Client]
) -> None:
    """A finished one answers its object: https://cloud.google.com/storage/docs/performing-resumable-uploads#status-check"""
    server = StorageServer(tmp_path)
    server.start()
    storage_client(server.url).create_bucket("tipoff-tests-landing")
    client = Client(server.url, 5)
    begin = "/upload/storage/v1/b/tipoff-tests-landing/o?uploadType=resumable&name=big"
    location = client.request("POST", begin, {}, b"{}").headers["location"].removeprefix(server.url)
    half = b"a" * 262_144
    answer = client.request("PUT", location, {"Content-Range": "bytes 0-262143/*"}, half)
    assert (answer.status, answer.headers["range"]) == (308, "bytes=0-262143")
    server.stop()

    again = StorageServer(tmp_path)
    again.start()
    client = Client(again.url, 5)
    assert client.request("PUT", location, {"Content-Range": "bytes */*"}, b"").headers["range"] == "bytes=0-262143"
    last = client.request("PUT", location, {"Content-Range": "bytes 262144-262144/262145"}, b"b")
    assert last.status == 200
    assert storage_client(again.url).bucket("tipoff-tests-landing").blob("big").download_as_bytes() == half + b"b"
    asked = client.request("PUT", location, {"Content-Range": "bytes */*"}, b"")
    assert (asked.status, asked.body) == (200, last.body)
    again.stop()
