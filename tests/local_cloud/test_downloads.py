"""Our downloads behave as the official client's: same bytes, refusals and retries (docs/adr/0008-bulk-intake.md)."""

import gzip
from collections.abc import Callable, Iterator

import pytest
from google.cloud import storage
from tests.support.faults import Fault, FaultProxy

from tipoff.cloud import downloads
from tipoff.cloud.clients.storage import CONNECTIONS
from tipoff.cloud.downloads import Downloads
from tipoff.core.errors import BackendUnavailable, Misconfigured, NotReady
from tipoff.runtime.settings import Settings
from tipoff_local.http1 import Client, Request, Response
from tipoff_local.httpd import HttpServer
from tipoff_local.mesh import load
from tipoff_local.storage import StorageServer
from tipoff_ops.build import find_project

BUCKET = "tipoff-tests-landing"
NAME = "nba-com/a b/../ü?x=1#2.json"


def downloads_at(url: str) -> Downloads:
    """Downloads from a local server."""
    return Downloads(
        Settings(
            project_id="tipoff-tests",
            project_number="1",
            region="r",
            environment="local",
            release="x",
            storage_emulator_host=url,
        )
    )


def test_every_request_of_an_instance_keeps_its_connection() -> None:
    """With a pool of 16, most of 250 connections were closed after one download, each with a warning."""
    mesh = load(find_project().root / "terraform" / "mesh.yaml")
    assert max(function.concurrency for function in mesh.functions.values()) <= CONNECTIONS


@pytest.fixture
def bucket(storage_server: StorageServer, storage_client: Callable[[str], storage.Client]) -> storage.Bucket:
    """A bucket, by the official client."""
    return storage_client(storage_server.url).create_bucket(BUCKET)


@pytest.fixture
def proxy(storage_server: StorageServer) -> Iterator[FaultProxy]:
    """A fault proxy in front of the storage server."""
    proxy = FaultProxy(storage_server.url)
    proxy.start()
    yield proxy
    proxy.stop()


def test_an_object_is_read_as_it_is_stored_at_its_generation(
    storage_server: StorageServer, bucket: storage.Bucket
) -> None:
    blob = bucket.blob(NAME)
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(b"first"), content_type="application/json")
    first, plain = blob.generation, bucket.blob("plain")
    blob.content_encoding = "gzip"
    blob.upload_from_string(b"never inflated")
    plain.upload_from_string(b"second")
    read = downloads_at(storage_server.url).read
    found = read(BUCKET, NAME)
    assert (found.name, found.generation, found.content_encoding) == (NAME, blob.generation, "gzip")
    assert found.data == b"never inflated" == bucket.blob(NAME).download_as_bytes(raw_download=True)
    assert (read(BUCKET, "plain", plain.generation).data, read(BUCKET, "plain").content_encoding) == (b"second", None)
    with pytest.raises(NotReady):
        read(BUCKET, NAME, first)
    with pytest.raises(NotReady):
        read(BUCKET, "absent")
    with pytest.raises(Misconfigured):
        read("no-such-bucket", "absent")


def test_failures_are_retried_and_a_stopped_service_is_unavailable(
    proxy: FaultProxy, bucket: storage.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.blob("x").upload_from_string(b"1")
    proxy.script.add(
        Fault(match="GET /download", kind="status", status=503), Fault(match="GET /download", kind="reset")
    )
    assert downloads_at(proxy.url).read(BUCKET, "x").data == b"1"
    assert [kind for _, kind in proxy.calls] == ["status", "reset", None]

    monkeypatch.setattr(downloads, "RETRIES", downloads.RETRIES.new(total=1))
    proxy.script.add(Fault(match="GET /download", kind="status", status=503, times=2))
    with pytest.raises(BackendUnavailable, match="read"):
        downloads_at(proxy.url).read(BUCKET, "x")
    proxy.script.add(Fault(match="GET /download", kind="reset", times=2))
    with pytest.raises(BackendUnavailable):
        downloads_at(proxy.url).read(BUCKET, "x")


def test_bytes_that_changed_in_transit_are_refused(storage_server: StorageServer, bucket: storage.Bucket) -> None:
    bucket.blob("x").upload_from_string(b"1")
    behind = Client(storage_server.url, 5.0)

    def tamper(request: Request) -> Response:
        answer = behind.request(request.method, request.target, request.headers, request.body)
        return Response(answer.status, b"2", {k: v for k, v in answer.headers.items() if k != "content-length"})

    between = HttpServer(tamper)
    between.start()
    with pytest.raises(BackendUnavailable, match="crc32c"):
        downloads_at(between.url).read(BUCKET, "x")
    between.stop()
