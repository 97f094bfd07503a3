"""The three kinds of upload: media, multipart and resumable. Each ends in one `Store.put`."""

import re
import uuid
from collections.abc import Callable, Mapping
from email.message import Message

import msgspec

from tipoff_local.errors import ApiError, invalid, not_found, unsupported
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import json_response
from tipoff_local.storage.model import Conditions, Settings, Stored, WriteMetadata, decode
from tipoff_local.storage.store import Store, bucket_of

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_MAX_NAME_BYTES = 1024


class Session(msgspec.Struct, frozen=True):
    """The request that began a resumable upload."""

    metadata: WriteMetadata
    query: dict[str, str]


def upload(store: Store, bucket: str, request: Request, replacing: Callable[[], None]) -> Response:
    """Handle one request of `/upload/storage/v1/b/{bucket}/o` by its uploadType. `replacing` is that of `Store.put`."""
    query = request.query
    kind = query.get("uploadType")
    if "upload_id" in query:
        return _resume(store, query["upload_id"], request, replacing)
    if kind == "media":
        metadata = WriteMetadata(content_type=request.headers.get("content-type"))
        return _finish(store, bucket, request, (metadata, request.body), replacing)
    if kind == "multipart":
        return _finish(store, bucket, request, _split(request), replacing)
    if kind == "resumable":
        return _begin(store, bucket, request)
    raise invalid(f"Invalid uploadType: {kind!r}")


def _finish(
    store: Store, bucket: str, request: Request, sent: tuple[WriteMetadata, bytes], replacing: Callable[[], None]
) -> Response:
    query, (metadata, data) = request.query, sent
    name = _name(query, metadata)
    body = store.save(data)
    try:
        body.sums.check(metadata)
    except ApiError:
        store.discard(body)
        raise
    stored = store.put(bucket, name, body, _settings(query, metadata), Conditions.of(query), replacing=replacing)
    return json_response(stored.resource(request.base_url))


def _split(request: Request) -> tuple[WriteMetadata, bytes]:
    """The JSON part and the data part of a multipart/related body."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise invalid("multipart upload without a boundary")
    # gcloud puts the boundary into single quotes.
    delimiter = b"--" + boundary.strip("'").encode("latin-1")
    parts = request.body.split(delimiter, 2)
    if len(parts) != 3:
        raise invalid("multipart upload must have two parts")
    _, description = _part(parts[1])
    # The data may contain the boundary's text. Only the last occurrence, at the end of the body, closes the part.
    data_headers, data = _part(parts[2].rpartition(delimiter)[0])
    metadata = decode(description, WriteMetadata)
    if metadata.content_type is None:
        metadata = msgspec.structs.replace(metadata, content_type=data_headers.get("content-type"))
    return metadata, data


def _part(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and content of a part. Lines end with CRLF, or with LF from gcloud."""
    end = b"\r\n" if raw.startswith(b"\r\n") else b"\n"
    head, blank, body = raw.removeprefix(end).partition(end + end)
    if not blank:
        raise invalid("malformed part of a multipart upload")
    lines = (line.partition(":") for line in head.decode("latin-1").split(end.decode()))
    return {name.strip().lower(): value.strip() for name, _, value in lines}, body.removesuffix(end)


def _begin(store: Store, bucket: str, request: Request) -> Response:
    metadata = decode(request.body, WriteMetadata)
    if metadata.content_type is None:
        kind = request.headers.get("x-upload-content-type")
        metadata = msgspec.structs.replace(metadata, content_type=kind)
    name, upload_id = _name(request.query, metadata), uuid.uuid4().hex
    store.part_file(upload_id).touch()
    session = msgspec.json.encode(Session(metadata, request.query))
    with store.database.transaction() as rows:
        bucket_of(rows, bucket)
        rows.execute("INSERT INTO uploads VALUES (?, ?, ?, ?)", (upload_id, bucket, name, session))
    location = f"{request.base_url}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={upload_id}"
    return Response(200, b"", {"Location": location, "X-GUploader-UploadID": upload_id})


def _resume(store: Store, upload_id: str, request: Request, replacing: Callable[[], None]) -> Response:
    with store.database.reading() as rows:
        row = rows.execute("SELECT bucket, request FROM uploads WHERE id = ?", (upload_id,)).fetchone()
    if row is None:
        raise not_found("The upload session does not exist, or is finished.")
    if request.method == "DELETE":
        store.delete_upload(upload_id)
        return Response(499)
    session = msgspec.json.decode(row["request"], type=Session)
    total = _append(store, upload_id, request)
    size = store.part_file(upload_id).stat().st_size
    if total is None or size < total:
        received = {"Range": f"bytes=0-{size - 1}"} if size else {}
        return Response(308, b"", {"X-GUploader-UploadID": upload_id} | received)
    stored = _complete(store, upload_id, row["bucket"], session, replacing)
    return json_response(stored.resource(request.base_url))


def _append(store: Store, upload_id: str, request: Request) -> int | None:
    """Write the chunk at its offset, and return the total size if the sender has given it."""
    header = request.headers.get("content-range")
    if header is None:
        store.part_file(upload_id).write_bytes(request.body)
        return len(request.body)
    match = _RANGE.fullmatch(header)
    if match is None:
        raise invalid(f"Invalid Content-Range: {header!r}")
    first, _, total = match.groups()
    if first is not None:
        _write_at(store, upload_id, int(first), request.body)
    return None if total == "*" else int(total)


def _write_at(store: Store, upload_id: str, offset: int, data: bytes) -> None:
    with store.part_file(upload_id).open("r+b") as part:
        if offset > part.seek(0, 2):
            raise ApiError(503, "A chunk before this one is missing.", "backendError")
        # Bytes that are sent again after a lost answer overwrite themselves.
        part.seek(offset)
        part.write(data)


def _complete(store: Store, upload_id: str, bucket: str, session: Session, replacing: Callable[[], None]) -> Stored:
    query, metadata = session.query, session.metadata
    body = store.upload_body(upload_id)
    try:
        body.sums.check(metadata)
        return store.put(
            bucket, _name(query, metadata), body, _settings(query, metadata), Conditions.of(query),
            session=upload_id, replacing=replacing,
        )  # fmt: skip
    except ApiError:
        store.delete_upload(upload_id)
        raise


def _name(query: Mapping[str, str], metadata: WriteMetadata) -> str:
    name = query.get("name") or metadata.name
    if not name:
        raise invalid("Required object name is missing.")
    if len(name.encode()) > _MAX_NAME_BYTES or "\r" in name or "\n" in name or name in (".", ".."):
        raise invalid("Invalid object name: at most 1024 bytes of UTF-8 without line ends.")
    if name.startswith(".well-known/acme-challenge/"):
        raise unsupported("object names below .well-known/acme-challenge")
    return name


def _settings(query: Mapping[str, str], metadata: WriteMetadata) -> Settings:
    chosen = {field: getattr(metadata, field) for field in Settings.__struct_fields__}
    if "contentEncoding" in query:
        chosen["content_encoding"] = query["contentEncoding"]
    return Settings(**chosen)
