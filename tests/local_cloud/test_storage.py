"""Our storage server, beyond the conformance scenarios: the outbox, refusals, and hostile object names."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from google.api_core.exceptions import GoogleAPICallError, PreconditionFailed
from google.cloud import storage

from tipoff.cloud.storage import ObjectStore
from tipoff.runtime.settings import Settings
from tipoff.steps.publish import CHANGES
from tipoff_local.errors import ApiError
from tipoff_local.http1 import Client
from tipoff_local.storage import StorageServer

type Connect = Callable[[str], storage.Client]
type Heard = list[tuple[str, bytes, dict[str, str]]]
TOPIC = "projects/tipoff-tests/topics/landing-objects"
HOSTILE_NAMES = [
    "../../etc/passwd", "/absolute", "a", "a/b", "a//b", "trailing/", "sp ace", "per%2Fcent", "q?x=1", "h#ash",
    "ünïcødé", "🏀", "'; DROP TABLE objects; --", "x" * 1024, "back\\slash", "tab\there", "con.json", "..a",
]  # fmt: skip


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.005)


def notified(folder: Path, publish: Callable[..., object], connect: Connect) -> tuple[StorageServer, storage.Bucket]:
    server = StorageServer(folder, publish)
    server.start()
    bucket = connect(server.url).create_bucket("tipoff-tests-landing")
    bucket.notification("landing-objects", "tipoff-tests", payload_format="JSON_API_V1").create()
    return server, bucket


def test_each_change_is_announced_with_the_documented_attributes(tmp_path: Path, storage_client: Connect) -> None:
    heard: Heard = []
    server, bucket = notified(tmp_path, lambda *message: heard.append(message), storage_client)
    blob = bucket.blob("nba-com/x.json")
    blob.upload_from_string(b"{}", content_type="application/json")
    first = blob.generation
    blob.metadata = {"k": "v"}
    blob.patch()
    blob.upload_from_string(b"{} ")
    blob.delete()
    wait_until(lambda: len(heard) == 5)
    server.stop()
    assert {topic for topic, _, _ in heard} == {TOPIC}
    kinds = [attributes["eventType"] for _, _, attributes in heard]
    assert sorted(kinds) == sorted(
        ["OBJECT_FINALIZE", "OBJECT_METADATA_UPDATE", "OBJECT_DELETE", "OBJECT_FINALIZE", "OBJECT_DELETE"])  # fmt: skip
    _, data, attributes = heard[0]
    assert attributes == {
        "notificationConfig": "projects/_/buckets/tipoff-tests-landing/notificationConfigs/1",
        "eventType": "OBJECT_FINALIZE", "payloadFormat": "JSON_API_V1", "bucketId": "tipoff-tests-landing",
        "objectId": "nba-com/x.json", "objectGeneration": str(first), "eventTime": json.loads(data)["updated"],
    }  # fmt: skip
    resource = json.loads(data)
    assert resource["generation"] == str(first) and resource["contentType"] == "application/json"
    overwrites = [a for _, _, a in heard if "overwroteGeneration" in a or "overwrittenByGeneration" in a]
    assert {a["eventType"] for a in overwrites} == {"OBJECT_FINALIZE", "OBJECT_DELETE"}
    assert overwrites[0].get("overwroteGeneration", overwrites[1].get("overwroteGeneration")) == str(first)


def test_messages_to_a_deleted_topic_do_not_delay_others(tmp_path: Path, storage_client: Connect) -> None:
    """There are more than the outbox reads at a time. They are not lost, and are published once the topic exists."""
    heard: list[str] = []
    gone = threading.Event()
    gone.set()

    def publish(topic: str, data: bytes, attributes: dict[str, str]) -> None:
        if gone.is_set() and topic.endswith("/gone"):
            raise ApiError(404, "no such topic")
        heard.append(topic.rpartition("/")[2])

    server = StorageServer(tmp_path, publish)
    server.start()
    bucket = storage_client(server.url).create_bucket("tipoff-tests-landing")
    bucket.notification("gone", "tipoff-tests", blob_name_prefix="a/").create()
    bucket.notification("there", "tipoff-tests", blob_name_prefix="b/").create()
    for number in range(220):
        bucket.blob(f"a/{number}").upload_from_string(b"{}")
    bucket.blob("b/1").upload_from_string(b"{}")
    wait_until(lambda: heard == ["there"])
    assert server.unpublished == 220
    gone.clear()
    wait_until(lambda: server.unpublished == 0)
    assert heard.count("gone") == 220
    server.stop()


def test_a_config_gets_only_its_event_types_and_prefix(tmp_path: Path, storage_client: Connect) -> None:
    heard: Heard = []
    server = StorageServer(tmp_path, lambda *message: heard.append(message))
    server.start()
    bucket = storage_client(server.url).create_bucket("tipoff-tests-landing")
    bucket.notification(
        "landing-objects", "tipoff-tests", event_types=["OBJECT_FINALIZE"], blob_name_prefix="nba-com/",
        custom_attributes={"mesh": "landing"}, payload_format="NONE",
    ).create()  # fmt: skip
    bucket.blob("odds-api/x").upload_from_string(b"no")
    bucket.blob("nba-com/x").upload_from_string(b"yes")
    bucket.blob("nba-com/x").delete()
    bucket.blob("nba-com/y").upload_from_string(b"yes")
    wait_until(lambda: len(heard) == 2)
    server.stop()
    assert [(data, a["objectId"], a["mesh"]) for _, data, a in heard] == [
        (b"", "nba-com/x", "landing"), (b"", "nba-com/y", "landing")]  # fmt: skip


def test_an_event_that_cannot_be_published_waits_and_survives_a_restart(
    tmp_path: Path, storage_client: Connect
) -> None:
    def refuse(*message: object) -> None:
        raise ApiError(503, "Pub/Sub is away")

    server, bucket = notified(tmp_path, refuse, storage_client)
    bucket.blob("x").upload_from_string(b"1")
    server.stop()
    heard: Heard = []
    again = StorageServer(tmp_path, lambda *message: heard.append(message))
    again.start()
    wait_until(lambda: len(heard) == 1)
    assert storage_client(again.url).bucket("tipoff-tests-landing").blob("x").download_as_bytes() == b"1"
    again.stop()


def test_of_sixteen_racing_writers_exactly_one_wins(storage_server: StorageServer, storage_client: Connect) -> None:
    """A server that checks preconditions and does not enforce them accepts all 16."""
    bucket = storage_client(storage_server.url).create_bucket("tipoff-tests-state")
    outcomes: list[str] = []
    start = threading.Barrier(16)

    def write(number: int) -> None:
        blob = storage_client(storage_server.url).bucket(bucket.name).blob("lease")
        start.wait()
        try:
            blob.upload_from_string(str(number), if_generation_match=0)
            outcomes.append(f"won {number}")
        except PreconditionFailed:
            outcomes.append("lost")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [outcome for outcome in outcomes if outcome != "lost"]
    assert len(outcomes) == 16 and len(winners) == 1
    assert f"won {bucket.blob('lease').download_as_text()}" == winners[0]


def test_a_download_carries_the_cache_control_that_was_written(tmp_path: Path) -> None:
    """What changes before tip-off is asked for anew: https://cloud.google.com/storage/docs/caching"""
    server = StorageServer(tmp_path)
    server.start()
    names = {"project_id": "p", "project_number": "1", "region": "r", "environment": "local", "release": "x"}
    store = ObjectStore(Settings(**names, storage_emulator_host=server.url))
    store._client.create_bucket("p-public")
    store.write("p-public", "index.html", b"<p>", content_type="text/html", cache_control=CHANGES)
    with urlopen(f"{server.url}/download/storage/v1/b/p-public/o/index.html?alt=media") as response:
        assert response.headers["Cache-Control"] == "no-cache"
    server.stop()


def test_hostile_names_have_no_effect(tmp_path: Path, storage_client: Connect) -> None:
    server = StorageServer(tmp_path / "cloud" / "storage")
    server.start()
    bucket = storage_client(server.url).create_bucket("tipoff-tests-landing")
    for name in HOSTILE_NAMES:
        bucket.blob(name).upload_from_string(name.encode())
    assert {blob.name for blob in bucket.list_blobs()} == set(HOSTILE_NAMES)
    assert all(bucket.blob(name).download_as_bytes() == name.encode() for name in HOSTILE_NAMES)
    server.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["cloud"]
    assert all(path.name.isalnum() for path in (tmp_path / "cloud" / "storage" / "objects").iterdir())


def test_files_of_replaced_and_refused_objects_are_removed(tmp_path: Path, storage_client: Connect) -> None:
    server = StorageServer(tmp_path)
    server.start()
    bucket = storage_client(server.url).create_bucket("tipoff-tests-landing")
    for _ in range(3):
        bucket.blob("x").upload_from_string(b"x")
    with pytest.raises(PreconditionFailed):
        bucket.blob("x").upload_from_string(b"y", if_generation_match=0)
    assert len(list((tmp_path / "objects").iterdir())) == 1
    server.stop()
    (tmp_path / "objects" / "stray").write_bytes(b"left by a crash")
    StorageServer(tmp_path).stop()
    assert len(list((tmp_path / "objects").iterdir())) == 1


REFUSED = [
    ("POST", "/storage/v1/b/B/o/x/compose", "{}", "compose"),
    ("POST", "/batch/storage/v1", "", "batch"),
    ("GET", "/storage/v1/b/B/o?matchGlob=*", "", "matchGlob"),
    ("GET", "/storage/v1/b/B/o?softDeleted=true", "", "softDeleted"),
    ("GET", "/storage/v1/b/B/iam", "", "iam"),
    ("PATCH", "/storage/v1/b/B", '{"lifecycle": {"rule": [{}]}}', "lifecycle"),
    ("PATCH", "/storage/v1/b/B/o/x", '{"temporaryHold": true}', "temporaryHold"),
    (
        "POST",
        "/upload/storage/v1/b/B/o?uploadType=media&name=x&predefinedAcl=publicRead",
        "",
        "predefinedAcl",
    ),
    ("POST", "/storage/v1/b/B/notificationConfigs", "{}", "notificationConfigs"),
    ("GET", "/B/x", "", "GET /B/x"),
]


@pytest.mark.parametrize(("method", "target", "body", "feature"), REFUSED)
def test_what_is_not_implemented_is_refused_by_name(
    storage_server: StorageServer, storage_client: Connect, method: str, target: str, body: str, feature: str
) -> None:
    storage_client(storage_server.url).create_bucket("tipoff-tests-landing").blob("x").upload_from_string(b"")
    client = Client(storage_server.url, 5)
    answer = client.request(method, target.replace("/B", "/tipoff-tests-landing"), {}, body.encode())
    client.close()
    assert answer.status == 501
    message = json.loads(answer.body)["error"]["message"]
    assert feature.replace("/B", "/tipoff-tests-landing") in message


def test_a_versioned_bucket_keeps_and_announces_archived_generations(tmp_path: Path, storage_client: Connect) -> None:
    heard: Heard = []
    server, bucket = notified(tmp_path, lambda *message: heard.append(message), storage_client)
    bucket.versioning_enabled = True
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string(b"1")
    first = blob.generation
    blob.upload_from_string(b"2")
    bucket.delete_blob("x")
    assert [b.generation for b in bucket.list_blobs(versions=True, page_size=1)] == [first, blob.generation]
    assert bucket.blob("x", generation=first).download_as_bytes() == b"1"
    with pytest.raises(GoogleAPICallError):
        bucket.blob("x").download_as_bytes()
    wait_until(lambda: len(heard) == 4)
    server.stop()
    assert [a["eventType"] for _, _, a in heard].count("OBJECT_ARCHIVE") == 2
