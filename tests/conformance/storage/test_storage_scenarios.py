"""Cloud Storage as documented, through the official client."""

import base64
import gzip
import threading
import uuid
from collections.abc import Callable

import pytest
from google.api_core.exceptions import (
    BadRequest,
    Conflict,
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
)  # fmt: skip
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

pytestmark = pytest.mark.parametrize("server", ["tipoff_local", "fake-gcs-server"])


def connect(url: str) -> storage.Client:
    return storage.Client("tipoff-tests", AnonymousCredentials(), client_options={"api_endpoint": url})


@pytest.fixture
def bucket(storage_url: str) -> storage.Bucket:
    return connect(storage_url).create_bucket(f"tipoff-{uuid.uuid4().hex}")


def code_of(call: Callable[[], object]) -> int | None:
    try:
        call()
    except GoogleAPICallError as error:
        return int(error.code)
    return None


def put(bucket: storage.Bucket, name: str, data: bytes = b"x", **options: object) -> storage.Blob:
    blob = bucket.blob(name)
    blob.upload_from_string(data, retry=None, **options)
    return blob


def test_an_object_comes_back_with_its_resource(bucket: storage.Bucket) -> None:
    blob = put(bucket, "a/b.json", b'{"a": 1}', content_type="application/json")
    found = bucket.get_blob("a/b.json")
    assert found.download_as_bytes() == b'{"a": 1}'
    assert (found.size, found.content_type) == (8, "application/json")
    assert found.generation == blob.generation and found.generation > 10**15
    assert base64.b64decode(found.md5_hash) and base64.b64decode(found.crc32c)


def test_a_resumable_upload_in_chunks(bucket: storage.Bucket) -> None:
    data = bytes(range(256)) * 4096
    blob = bucket.blob("big", chunk_size=262_144)
    blob.upload_from_string(data)
    assert bucket.blob("big").download_as_bytes() == data


def test_a_range_and_an_unsatisfiable_range(bucket: storage.Bucket) -> None:
    blob = put(bucket, "x", b"0123456789")
    assert blob.download_as_bytes(start=2, end=4) == b"234"
    assert blob.download_as_bytes(start=8) == b"89"
    with pytest.raises(RequestRangeNotSatisfiable):
        blob.download_as_bytes(start=100)


def test_gzip_is_served_raw_to_those_who_accept_it(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x.json")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(b"{}"), content_type="application/json")
    assert blob.download_as_bytes() == b"{}"
    assert gzip.decompress(blob.download_as_bytes(raw_download=True)) == b"{}"


def test_each_write_has_a_greater_generation_and_metageneration_one(bucket: storage.Bucket) -> None:
    blobs = [put(bucket, "x", str(number).encode()) for number in range(3)]
    generations = [blob.generation for blob in blobs]
    assert generations == sorted(set(generations))
    assert {blob.metageneration for blob in blobs} == {1}


def test_a_metadata_change_raises_the_metageneration_alone(bucket: storage.Bucket) -> None:
    blob = put(bucket, "x")
    before = blob.generation
    blob.metadata = {"k": "v"}
    blob.patch()
    assert (blob.metageneration, blob.generation, blob.metadata) == (2, before, {"k": "v"})


def test_a_null_removes_one_metadata_key(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.metadata = {"a": "1", "b": "2"}
    blob.upload_from_string(b"x")
    blob.metadata = {"a": None}
    blob.patch()
    assert bucket.get_blob("x").metadata == {"b": "2"}


def test_of_sixteen_racing_creators_one_wins(bucket: storage.Bucket, storage_url: str) -> None:
    outcomes: list[int | None] = []
    start = threading.Barrier(16)

    def create() -> None:
        own = connect(storage_url).bucket(bucket.name)
        start.wait()
        outcomes.append(code_of(lambda: put(own, "lease", if_generation_match=0)))

    threads = [threading.Thread(target=create) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [412] * 15 + [None]


def test_a_write_may_demand_the_generation_it_read(bucket: storage.Bucket) -> None:
    blob = put(bucket, "x")
    put(bucket, "x", b"2", if_generation_match=blob.generation)
    with pytest.raises(PreconditionFailed):
        put(bucket, "x", b"3", if_generation_match=blob.generation)


@pytest.mark.parametrize("condition", ["if_generation_match", "if_metageneration_match"])
def test_a_delete_may_demand_what_it_read(bucket: storage.Bucket, condition: str) -> None:
    blob = put(bucket, "x")
    with pytest.raises(PreconditionFailed):
        bucket.blob("x").delete(**{condition: 99})
    bucket.blob("x").delete(if_generation_match=blob.generation, if_metageneration_match=1)
    assert not bucket.blob("x").exists()


def test_a_patch_may_demand_the_metageneration(bucket: storage.Bucket) -> None:
    blob = put(bucket, "x")
    blob.metadata = {"k": "v"}
    with pytest.raises(PreconditionFailed):
        blob.patch(if_metageneration_match=7)
    blob.patch(if_metageneration_match=1)


def test_a_read_may_demand_the_generation(bucket: storage.Bucket) -> None:
    blob = put(bucket, "x")
    assert bucket.blob("x").download_as_bytes(if_generation_match=blob.generation) == b"x"
    with pytest.raises(PreconditionFailed):
        bucket.blob("x").download_as_bytes(if_generation_match=blob.generation + 1)


def test_an_overwritten_generation_is_gone(bucket: storage.Bucket) -> None:
    first = put(bucket, "x", b"1")
    put(bucket, "x", b"2")
    with pytest.raises(NotFound):
        bucket.blob("x", generation=first.generation).download_as_bytes()


def test_a_versioned_bucket_keeps_it(storage_url: str) -> None:
    bucket = connect(storage_url).bucket(f"tipoff-{uuid.uuid4().hex}")
    bucket.versioning_enabled = True
    bucket.create(retry=None)
    first = put(bucket, "x", b"1")
    put(bucket, "x", b"2")
    assert bucket.blob("x", generation=first.generation).download_as_bytes() == b"1"
    assert len(list(bucket.list_blobs(versions=True))) == 2


def test_a_listing_by_prefix_and_delimiter(bucket: storage.Bucket) -> None:
    for name in ("a/1", "a/2", "a/deep/3", "b/4", "c"):
        put(bucket, name)
    listing = bucket.list_blobs(prefix="a/", delimiter="/")
    assert [blob.name for blob in listing] == ["a/1", "a/2"]
    assert listing.prefixes == {"a/deep/"}


def test_a_listing_in_pages(bucket: storage.Bucket) -> None:
    names = [f"{number:03}" for number in range(25)]
    for name in names:
        put(bucket, name)
    pages = [[blob.name for blob in page] for page in bucket.list_blobs(page_size=10).pages]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sum(pages, []) == names


def test_a_listing_between_offsets(bucket: storage.Bucket) -> None:
    for name in ("a", "b", "c", "d"):
        put(bucket, name)
    assert [blob.name for blob in bucket.list_blobs(start_offset="b", end_offset="d")] == ["b", "c"]


def test_names_that_are_prefixes_of_each_other(bucket: storage.Bucket) -> None:
    for name in ("a", "a/b", "a/b/c"):
        put(bucket, name, name.encode())
    assert [blob.download_as_bytes() for blob in bucket.list_blobs()] == [b"a", b"a/b", b"a/b/c"]


def keeps(bucket: storage.Bucket, name: str) -> None:
    put(bucket, name, name.encode())
    assert [blob.name for blob in bucket.list_blobs()] == [name]
    assert bucket.blob(name).download_as_bytes(retry=None) == name.encode()


@pytest.mark.parametrize("name", ["sp ace", "q?x=1&y", "h#ash", "per%2Fcent", "ünï 🏀"])
def test_a_name_is_any_text(bucket: storage.Bucket, name: str) -> None:
    keeps(bucket, name)


@pytest.mark.parametrize("name", ["trailing/", "a//b"])
def test_a_name_may_hold_empty_parts(bucket: storage.Bucket, name: str) -> None:
    keeps(bucket, name)


def test_a_copy_keeps_content_and_metadata(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.metadata = {"k": "v"}
    blob.upload_from_string(b"1", content_type="text/csv")
    copied = bucket.copy_blob(blob, bucket, "y")
    assert copied.download_as_bytes() == b"1"
    assert (copied.content_type, copied.metadata) == ("text/csv", {"k": "v"})


def test_a_rewrite_may_demand_both_generations(bucket: storage.Bucket) -> None:
    source = put(bucket, "x", b"1")
    target = bucket.blob("y")
    read = source.generation
    token, done, _ = target.rewrite(source, if_generation_match=0, if_source_generation_match=read)
    assert token is None and done == 1
    with pytest.raises(PreconditionFailed):
        bucket.blob("y").rewrite(source, if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        bucket.blob("z").rewrite(source, if_source_generation_match=1)


def test_a_wrong_md5_is_refused(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.md5_hash = base64.b64encode(b"\0" * 16).decode()
    with pytest.raises(BadRequest):
        blob.upload_from_string(b"data", checksum=None)
    assert not bucket.blob("x").exists()


def test_a_wrong_crc32c_is_refused(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.crc32c = base64.b64encode(b"\0" * 4).decode()
    with pytest.raises(BadRequest):
        blob.upload_from_string(b"data", checksum=None)
    assert not bucket.blob("x").exists()


def test_what_is_missing_is_404_and_what_exists_409(bucket: storage.Bucket) -> None:
    with pytest.raises(NotFound):
        bucket.blob("none").download_as_bytes()
    with pytest.raises(NotFound):
        bucket.blob("none").delete()
    with pytest.raises(NotFound):
        bucket.client.get_bucket("tipoff-none")
    with pytest.raises(Conflict):
        bucket.client.create_bucket(bucket.name)


def test_a_bucket_with_objects_cannot_be_deleted(bucket: storage.Bucket) -> None:
    blob = put(bucket, "x")
    with pytest.raises(Conflict):
        bucket.delete()
    blob.delete()
    bucket.delete()
    assert not bucket.exists()


def test_notification_configs_are_kept(bucket: storage.Bucket) -> None:
    bucket.notification("landing-objects", "tipoff-tests", event_types=["OBJECT_FINALIZE"]).create()
    [config] = bucket.list_notifications()
    assert (config.topic_name, config.event_types) == ("landing-objects", ["OBJECT_FINALIZE"])
    config.delete()
    assert list(bucket.list_notifications()) == []
