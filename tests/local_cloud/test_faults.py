"""Fault injection in front of our servers."""

import fcntl
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from google.api_core.exceptions import Forbidden, PreconditionFailed, ServiceUnavailable
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage
from google.pubsub_v1.services.publisher import PublisherClient
from tests.support.faults import Fault, FaultProxy, GrpcFaults, TcpProxy, quota_exceeded

from tipoff_local.http1 import Client, Disconnected, Request, Response, _is_readable
from tipoff_local.httpd import HttpServer
from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer

TOPIC = "projects/tipoff-tests/topics/raw-ready"


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def proxy(seen: list[str]) -> Iterator[FaultProxy]:
    def answer(request: Request) -> Response:
        seen.append(request.target)
        return Response(200, b"x" * 1000)

    server = HttpServer(answer)
    server.start()
    proxy = FaultProxy(server.url)
    proxy.start()
    yield proxy
    proxy.stop()
    server.stop()


def get(proxy: FaultProxy, target: str, timeout_s: float = 5.0) -> Response:
    return Client(proxy.url, timeout_s).request("GET", target, {}, b"")


def test_a_fault_applies_to_matching_calls_as_often_as_configured(proxy: FaultProxy, seen: list[str]) -> None:
    proxy.script.add(Fault(match="GET /a", kind="status", status=429, times=2, skip=1))
    assert [get(proxy, target).status for target in ("/a", "/b", "/a", "/a", "/a")] == [
        200,
        200,
        429,
        429,
        200,
    ]
    assert seen == ["/a", "/b", "/a"]
    assert proxy.calls[2] == ("GET /a", "status")


@pytest.mark.parametrize(("kind", "heard"), [("reset", 0), ("lost_answer", 1), ("truncate", 1)])
def test_a_broken_connection_gives_the_client_no_answer(
    proxy: FaultProxy, seen: list[str], kind: str, heard: int
) -> None:
    proxy.script.add(msgspec.convert({"match": "/", "kind": kind, "keep_bytes": 10}, Fault))
    with pytest.raises(Disconnected):
        get(proxy, "/")
    assert len(seen) == heard
    assert get(proxy, "/").status == 200


def test_delay_hang_and_duplicate(proxy: FaultProxy, seen: list[str]) -> None:
    proxy.script.add(
        Fault(match="/slow", kind="delay", seconds=0.1),
        Fault(match="/never", kind="hang"),
        Fault(match="/twice", kind="duplicate"),
    )
    begun = time.monotonic()
    assert get(proxy, "/slow").status == 200
    assert time.monotonic() - begun >= 0.1
    with pytest.raises(TimeoutError):
        get(proxy, "/never", timeout_s=0.1)
    assert get(proxy, "/twice").status == 200
    assert seen == ["/slow", "/twice", "/twice"]


def test_a_schedule_of_faults_is_data(tmp_path: Path) -> None:
    schedule = [Fault(match="POST /upload", kind="lost_answer", times=3), quota_exceeded("/queries")]
    saved = msgspec.json.encode(schedule)
    assert msgspec.json.decode(saved, type=list[Fault]) == schedule
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'[{"match": "x", "kind": "melt"}]', type=list[Fault])


def test_bigquerys_own_quota_error_reaches_the_official_client(proxy: FaultProxy) -> None:
    proxy.script.add(quota_exceeded("POST /bigquery/v2/projects/.*/jobs", times=100))
    client = bigquery.Client(
        "tipoff-tests", AnonymousCredentials(), client_options={"api_endpoint": proxy.url})  # fmt: skip
    with pytest.raises(Forbidden) as caught:
        client.query("SELECT 1", retry=None, job_retry=None)
    [detail] = caught.value.errors
    assert detail["reason"] == "quotaExceeded"
    assert detail["location"] == "partition_modifications_per_column_partitioned_table.long"
    assert "Number of partition modifications to a column partitioned table" in caught.value.message


def test_an_upload_whose_answer_is_lost_is_stored_once(
    storage_server: StorageServer, storage_client: Callable[[str], storage.Client]
) -> None:
    """The client retries and its precondition is refused, although the object is there: our writers expect that."""
    storage_client(storage_server.url).create_bucket("tipoff-tests-landing")
    proxy = FaultProxy(storage_server.url)
    proxy.start()
    proxy.script.add(Fault(match="POST /upload", kind="lost_answer"))
    blob = storage_client(proxy.url).bucket("tipoff-tests-landing").blob("x")
    with pytest.raises(PreconditionFailed):
        blob.upload_from_string(b"1", if_generation_match=0)
    proxy.stop()
    assert [kind for call, kind in proxy.calls if "/upload" in call] == ["lost_answer", None]
    assert storage_client(storage_server.url).bucket("tipoff-tests-landing").blob("x").download_as_bytes() == b"1"


def test_grpc_calls_can_be_refused_cut_and_stalled(
    tmp_path: Path, identity: Identity, publisher: Callable[[str], PublisherClient]
) -> None:
    faults = GrpcFaults()
    server = PubsubServer(tmp_path, identity, interceptors=[faults])
    server.start()
    server.create_topic(TOPIC)
    proxy = TcpProxy(server.endpoint)
    proxy.start()
    client = publisher(proxy.address)
    message = [{"data": b"x"}]
    faults.script.add(Fault(match="Publisher/Publish", kind="status", status=503))
    with pytest.raises(ServiceUnavailable):
        client.publish(topic=TOPIC, messages=message, retry=None)
    assert client.publish(topic=TOPIC, messages=message, retry=None).message_ids
    proxy.stall()
    threading.Timer(0.2, proxy.flow).start()
    begun = time.monotonic()
    client.publish(topic=TOPIC, messages=message, retry=None)
    assert time.monotonic() - begun > 0.1
    proxy.cut()
    assert client.publish(topic=TOPIC, messages=message).message_ids
    proxy.stop()
    server.stop()


def test_a_kept_connection_may_have_any_descriptor() -> None:
    """`select` accepts none above 1,023: because of that, the function host once left a request without an answer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    near, far = socket.socketpair()
    with near, far, socket.socket(fileno=fcntl.fcntl(near.fileno(), fcntl.F_DUPFD, 1500)) as kept:
        assert not _is_readable(kept)
        far.close()
        assert _is_readable(kept)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
