"""Requests that other suites send to Cloud Storage, with the answer that its pages give. Each names the page."""

import json
from collections.abc import Callable

import pytest
import urllib3

from tipoff_local.storage import StorageServer

type Send = Callable[..., urllib3.BaseHTTPResponse]


@pytest.fixture
def send(storage_server: StorageServer) -> Send:
    """`send(method, path, body=, **headers)` to a server with the bucket `kept` and its object `o`."""

    def request(method: str, path: str, body: object = None, **headers: str) -> urllib3.BaseHTTPResponse:
        sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("http") else f"{storage_server.url}{path}"
        return urllib3.request(method, address, body=sent, headers=named, retries=False)

    assert request("POST", "/storage/v1/b", {"name": "kept"}).status == 200
    assert request("POST", "/upload/storage/v1/b/kept/o?uploadType=media&name=o", b"12345").status == 200
    return request


@pytest.mark.parametrize("query", ["", "?alt=media"])
def test_a_read_may_ask_for_an_etag(send: Send, query: str) -> None:
    """https://cloud.google.com/storage/docs/request-preconditions"""
    path = f"/storage/v1/b/kept/o/o{query}"
    etag = send("GET", "/storage/v1/b/kept/o/o").json()["etag"]
    assert send("GET", path, If_Match='"wrong"').status == 412
    assert send("GET", path, If_Match=f'"wrong", "{etag}"').status == 200
    assert send("GET", path, If_None_Match=etag).status == 304
    assert send("GET", path, If_None_Match="*").status == 304
    assert send("GET", path, If_None_Match='"wrong"').status == 200
    assert send("DELETE", "/storage/v1/b/kept/o/o", If_Match='"wrong"').status == 501


def test_a_finished_upload_answers_its_object(send: Send) -> None:
    """https://cloud.google.com/storage/docs/performing-resumable-uploads#status-check"""
    session = send("POST", "/upload/storage/v1/b/kept/o?uploadType=resumable&name=r", {}).headers["Location"]
    finished = send("PUT", session, b"12345", Content_Range="bytes 0-4/5")
    asked = send("PUT", session, b"", Content_Range="bytes */5")
    assert (finished.status, asked.status) == (200, 200)
    assert asked.json() == finished.json()
    assert send("PUT", session, b"12345", Content_Range="bytes 0-4/5").status == 404


def test_an_upload_has_the_length_that_was_declared(send: Send) -> None:
    """https://cloud.google.com/storage/docs/performing-resumable-uploads"""
    start = "/upload/storage/v1/b/kept/o?uploadType=resumable&name=r"
    session = send("POST", start, {}, X_Upload_Content_Length="524288").headers["Location"]
    assert send("PUT", session, b"x" * 1024, Content_Range="bytes 0-1023/1024").status == 400
    assert send("GET", "/storage/v1/b/kept/o/r").status == 404


@pytest.mark.parametrize("name", ["goog-x", "a..b", "192.168.1.1", "x" * 64, "my-google-data", "ab", "Upper", "-a-"])
def test_bucket_names(send: Send, name: str) -> None:
    """https://cloud.google.com/storage/docs/buckets#naming"""
    assert send("POST", "/storage/v1/b", {"name": name}).status == 400


def test_the_list_of_buckets_has_pages(send: Send) -> None:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets/list"""
    assert send("POST", "/storage/v1/b", {"name": "later"}).status == 200
    first = send("GET", "/storage/v1/b?project=p&maxResults=1").json()
    second = send("GET", f"/storage/v1/b?project=p&maxResults=1&pageToken={first['nextPageToken']}").json()
    assert [[item["name"] for item in page["items"]] for page in (first, second)] == [["kept"], ["later"]]
    assert "nextPageToken" not in second


def test_public_access_prevention_has_known_values(send: Send) -> None:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets"""
    for value, status in (("enforced", 200), ("inherited", 200), ("unexpected value", 400)):
        change = {"iamConfiguration": {"publicAccessPrevention": value}}
        assert send("PATCH", "/storage/v1/b/kept", change).status == status
