"""The JSON API of Cloud Storage. A method or parameter that is not implemented is answered with 501 and its name."""

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from tipoff_local.errors import ApiError, invalid, unsupported
from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import json_response
from tipoff_local.iam.access import UNRESTRICTED, Access
from tipoff_local.storage import events
from tipoff_local.storage.listing import list_objects
from tipoff_local.storage.model import (
    BucketSettings,
    Checksums,
    Conditions,
    Settings,
    Stored,
    decode,
    patched,
    rfc3339,
)  # fmt: skip
from tipoff_local.storage.store import Body, Bucket, Store, bucket_of
from tipoff_local.storage.uploads import upload

_PARAMETERS = frozenset({
    "alt", "fields", "prettyPrint", "projection", "userProject", "key", "quotaUser", "project", "name",
    "prefix", "delimiter", "startOffset", "endOffset", "maxResults", "pageToken", "versions", "generation",
    "sourceGeneration", "uploadType", "upload_id", "contentEncoding", "enableObjectRetention", "rewriteToken",
    "maxBytesRewrittenPerCall", "ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch",
    "ifMetagenerationNotMatch", "ifSourceGenerationMatch", "ifSourceGenerationNotMatch",
    "ifSourceMetagenerationMatch", "ifSourceMetagenerationNotMatch",
})  # fmt: skip
_HARMLESS_WHEN_FALSE = frozenset({"softDeleted", "includeTrailingDelimiter", "enableObjectRetention"})
# Folders exist only in buckets with a hierarchical namespace, which are refused, so these flags have no effect.
_WITHOUT_EFFECT = frozenset({"includeFoldersAsPrefixes", "returnPartialSuccess"})
_RANGE = re.compile(r"bytes=(?:(\d+)-(\d*)|-(\d+))")
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")

type _Action = Callable[..., Response]

# The method of the API that each action serves. A copy reads its source; its destination is checked as an insert.
_METHODS = {
    "_list_buckets": "storage.buckets.list",
    "_create_bucket": "storage.buckets.insert",
    "_get_bucket": "storage.buckets.get",
    "_patch_bucket": "storage.buckets.patch",
    "_put_bucket": "storage.buckets.update",
    "_delete_bucket": "storage.buckets.delete",
    "_layout": "storage.buckets.getStorageLayout",
    "_list": "storage.objects.list",
    "_get": "storage.objects.get",
    "_patch": "storage.objects.patch",
    "_put": "storage.objects.update",
    "_delete": "storage.objects.delete",
    "_rewrite": "storage.objects.get",
    "_copy": "storage.objects.get",
    "_configs": "storage.notifications.list",
    "_create_config": "storage.notifications.insert",
    "_config": "storage.notifications.get",
    "_delete_config": "storage.notifications.delete",
}


class Api:
    """Answers requests from one store.

    Args:
        changed: called after every commit that may have queued events.
        notifies: whether notification configs are allowed.
        access: decides who may call.
    """

    def __init__(
        self, store: Store, changed: Callable[[], None], *, notifies: bool, access: Access = UNRESTRICTED
    ) -> None:
        self._store = store
        self._access = access
        self._changed = changed
        self._notifies = notifies
        self._routes: dict[tuple[str, ...], dict[str, _Action]] = {
            ("b",): {"GET": self._list_buckets, "POST": self._create_bucket},
            ("b", "*"): {
                "GET": self._get_bucket, "PATCH": self._patch_bucket, "PUT": self._put_bucket,
                "DELETE": self._delete_bucket,
            },
            ("b", "*", "storageLayout"): {"GET": self._layout},
            ("b", "*", "o"): {"GET": self._list},
            ("b", "*", "o", "*"): {
                "GET": self._get, "HEAD": self._get, "PATCH": self._patch, "PUT": self._put,
                "DELETE": self._delete,
            },
            ("b", "*", "o", "*", "rewriteTo", "b", "*", "o", "*"): {"POST": self._rewrite},
            ("b", "*", "o", "*", "copyTo", "b", "*", "o", "*"): {"POST": self._copy},
            ("b", "*", "notificationConfigs"): {"GET": self._configs, "POST": self._create_config},
            ("b", "*", "notificationConfigs", "*"): {"GET": self._config, "DELETE": self._delete_config},
        }  # fmt: skip

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            ApiError: the request is refused.
        """
        _check_parameters(request)
        # gcloud spells resumable uploads /resumable/upload/...
        parts = request.path.removeprefix("/resumable").strip("/").split("/")
        if parts[:4] == ["upload", "storage", "v1", "b"] and len(parts) == 6 and parts[5] == "o":
            bucket = unquote(parts[4])
            answer = upload(self._store, bucket, request, self._may_write(request, bucket))
        elif parts[:3] == ["download", "storage", "v1"] and len(parts) == 7:
            self._check(request, "storage.objects.get", unquote(parts[4]))
            answer = self._media(request, unquote(parts[4]), unquote(parts[6]))
        elif parts[:2] == ["storage", "v1"]:
            answer = self._dispatch(request, parts[2:])
        else:
            raise unsupported(f"{request.method} {request.path}")
        if request.method not in ("GET", "HEAD"):
            self._changed()
        return answer

    def _dispatch(self, request: Request, parts: list[str]) -> Response:
        for pattern, methods in self._routes.items():
            names = _matched(pattern, parts)
            action = methods.get(request.method)
            if names is not None and action is not None:
                self._check(request, _METHODS[action.__name__], names[0] if names else "")
                return action(request, *names)
        raise unsupported(f"{request.method} {request.path}")

    def _check(self, request: Request, method: str, bucket: str, *, exists: bool = False) -> None:
        caller = self._access.caller(request.headers.get("authorization"))
        self._access.check(caller, method, {"bucket": bucket}, exists=exists)

    def _may_write(self, request: Request, bucket: str) -> Callable[[], None]:
        """Check that the caller may create objects in a bucket. The result checks that he may replace one, too.

        Raises:
            ApiError: 403, he may not.
        """
        self._check(request, "storage.objects.insert", bucket)
        return lambda: self._check(request, "storage.objects.insert", bucket, exists=True)

    # -- buckets

    def _list_buckets(self, request: Request) -> Response:
        found = self._store.buckets(request.query.get("prefix", ""))
        items = {"items": [self._resource(bucket) for bucket in found]} if found else {}
        return json_response({"kind": "storage#buckets", **items})

    def _create_bucket(self, request: Request) -> Response:
        name = decode(request.body, _Named).name
        if not _BUCKET_NAME.fullmatch(name):
            raise invalid(f"Invalid bucket name: {name!r}")
        created = self._store.create_bucket(name, decode(request.body, BucketSettings))
        return json_response(self._resource(created))

    def _get_bucket(self, request: Request, name: str) -> Response:
        return json_response(self._resource(self._store.bucket(name)))

    def _patch_bucket(self, request: Request, name: str) -> Response:
        settings = patched(self._store.bucket(name).settings, request.body)
        return self._update_bucket(request, name, settings)

    def _put_bucket(self, request: Request, name: str) -> Response:
        return self._update_bucket(request, name, decode(request.body, BucketSettings))

    def _update_bucket(self, request: Request, name: str, settings: BucketSettings) -> Response:
        bucket = self._store.update_bucket(name, settings, Conditions.of(request.query))
        return json_response(self._resource(bucket))

    def _delete_bucket(self, request: Request, name: str) -> Response:
        self._store.delete_bucket(name, Conditions.of(request.query))
        return Response(204)

    def _layout(self, request: Request, name: str) -> Response:
        location = self._store.bucket(name).settings.location
        return json_response({"kind": "storage#storageLayout", "bucket": name, "location": location})

    def _resource(self, bucket: Bucket) -> dict[str, Any]:
        settings: dict[str, Any] = msgspec.to_builtins(bucket.settings)
        return {
            "kind": "storage#bucket",
            "id": bucket.name,
            "name": bucket.name,
            "selfLink": f"{self._store.base_url}/storage/v1/b/{bucket.name}",
            "projectNumber": "0",
            "location": "US",
            "locationType": "multi-region",
            "storageClass": "STANDARD",
            "metageneration": str(bucket.metageneration),
            "etag": str(bucket.metageneration),
            "timeCreated": rfc3339(bucket.created_us),
            "updated": rfc3339(bucket.updated_us),
        } | settings

    # -- objects

    def _list(self, request: Request, bucket: str) -> Response:
        return json_response(list_objects(self._store, bucket, request.query, request.base_url))

    def _get(self, request: Request, bucket: str, name: str) -> Response:
        query = request.query
        if query.get("alt") == "media":
            return self._media(request, bucket, name)
        found = self._store.find(bucket, name, _generation(query), Conditions.of(query))
        return self._object(request, found)

    def _media(self, request: Request, bucket: str, name: str) -> Response:
        query = request.query
        stored, data = self._store.read(bucket, name, _generation(query), Conditions.of(query))
        return _download(stored, data, request.headers)

    def _patch(self, request: Request, bucket: str, name: str) -> Response:
        query = request.query
        current = self._store.find(bucket, name, _generation(query), Conditions())
        return self._update(request, current, patched(current.settings, request.body))

    def _put(self, request: Request, bucket: str, name: str) -> Response:
        query = request.query
        current = self._store.find(bucket, name, _generation(query), Conditions())
        return self._update(request, current, decode(request.body, Settings))

    def _update(self, request: Request, current: Stored, settings: Settings) -> Response:
        # The change was computed from `current`. If another writer has changed the object since, the caller must retry.
        conditions = Conditions.of(request.query)
        conditions.check_write(current)
        pinned = Conditions(generation=current.generation, metageneration=current.metageneration)
        try:
            updated = self._store.update(current.bucket, current.name, current.generation, settings, pinned)
        except ApiError as error:
            raise ApiError(503, "Concurrent change, please retry.", "backendError") from error
        return self._object(request, updated)

    def _delete(self, request: Request, bucket: str, name: str) -> Response:
        self._store.delete(bucket, name, _generation(request.query), Conditions.of(request.query))
        return Response(204)

    def _copy(self, request: Request, *names: str) -> Response:
        return self._object(request, self._duplicate(request, *names))

    def _rewrite(self, request: Request, *names: str) -> Response:
        copied = self._duplicate(request, *names)
        size, resource = str(copied.size), copied.resource(request.base_url)
        return json_response({
            "kind": "storage#rewriteResponse", "totalBytesRewritten": size, "objectSize": size, "done": True,
            "resource": resource,
        })  # fmt: skip

    def _duplicate(self, request: Request, bucket: str, name: str, to_bucket: str, to_name: str) -> Stored:
        query, replacing = request.query, self._may_write(request, to_bucket)
        wanted = query.get("sourceGeneration")
        generation = int(wanted) if wanted else None
        source, data = self._store.read(bucket, name, generation, Conditions.of(query, "Source"))
        changes = msgspec.json.decode(request.body or b"{}", type=dict[str, Any])
        settings = decode(request.body, Settings) if changes.keys() - {"name", "bucket"} else source.settings
        body: Body = self._store.save(data)
        return self._store.put(to_bucket, to_name, body, settings, Conditions.of(query), replacing=replacing)

    def _object(self, request: Request, stored: Stored) -> Response:
        return json_response(stored.resource(request.base_url))

    # -- notification configs

    def _configs(self, request: Request, bucket: str) -> Response:
        with self._store.database.reading() as rows:
            bucket_of(rows, bucket)
            found = events.list_configs(rows, bucket)
        items = {"items": [_config_resource(config, bucket) for config in found]} if found else {}
        return json_response({"kind": "storage#notifications", **items})

    def _create_config(self, request: Request, bucket: str) -> Response:
        if not self._notifies:
            raise unsupported("notificationConfigs of a storage server that was started without Pub/Sub")
        config = decode(request.body, events.Config)
        with self._store.database.transaction() as rows:
            bucket_of(rows, bucket)
            created = events.create_config(rows, bucket, config)
        return json_response(_config_resource(created, bucket))

    def _config(self, request: Request, bucket: str, config_id: str) -> Response:
        with self._store.database.reading() as rows:
            bucket_of(rows, bucket)
            return json_response(_config_resource(events.get_config(rows, bucket, config_id), bucket))

    def _delete_config(self, request: Request, bucket: str, config_id: str) -> Response:
        with self._store.database.transaction() as rows:
            bucket_of(rows, bucket)
            events.delete_config(rows, bucket, config_id)
        return Response(204)


class _Named(msgspec.Struct, frozen=True):
    name: str


def _check_parameters(request: Request) -> None:
    for name, value in request.query.items():
        refused = name in _HARMLESS_WHEN_FALSE and value.lower() != "false"
        if refused or name not in _PARAMETERS | _WITHOUT_EFFECT | _HARMLESS_WHEN_FALSE:
            raise unsupported(f"storage parameter {name!r}")
    if any(name.startswith("x-goog-encryption") for name in request.headers):
        raise unsupported("customer-supplied encryption keys")


def _matched(pattern: tuple[str, ...], parts: list[str]) -> list[str] | None:
    """The decoded parts in place of `*`; None if the path does not match."""
    if len(pattern) != len(parts):
        return None
    pairs = list(zip(pattern, parts, strict=True))
    if any(wanted not in ("*", part) for wanted, part in pairs):
        return None
    return [unquote(part) for wanted, part in pairs if wanted == "*"]


def _generation(query: Mapping[str, str]) -> int | None:
    text = query.get("generation")
    if text is not None and not text.isdigit():
        raise invalid(f"Invalid generation: {text!r}")
    return int(text) if text else None


def _config_resource(config: events.Config, bucket: str) -> dict[str, Any]:
    resource: dict[str, Any] = msgspec.to_builtins(config)
    path = f"/storage/v1/b/{bucket}/notificationConfigs/{config.id}"
    return {"kind": "storage#notification", "selfLink": path, "etag": config.id} | resource


def _download(stored: Stored, data: bytes, headers: Mapping[str, str]) -> Response:
    sums: Checksums = stored.sums
    answer = {
        "Content-Type": stored.settings.content_type or "application/octet-stream",
        "ETag": stored.etag,
        "X-Goog-Generation": str(stored.generation),
        "X-Goog-Metageneration": str(stored.metageneration),
        "X-Goog-Hash": f"crc32c={sums.crc32c},md5={sums.md5}",
        "X-Goog-Stored-Content-Encoding": stored.settings.content_encoding or "identity",
        "X-Goog-Stored-Content-Length": str(stored.size),
    }
    if stored.settings.content_encoding == "gzip" and "gzip" not in headers.get("accept-encoding", ""):
        return Response(200, _inflated(data), answer | {"Warning": "214 UploadServer gunzipped"})
    if stored.settings.content_encoding:
        answer["Content-Encoding"] = stored.settings.content_encoding
    return _ranged(data, headers.get("range"), answer)


def _inflated(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ApiError(503, "The stored bytes are not gzip.", "backendError") from error


def _ranged(data: bytes, header: str | None, answer: dict[str, str]) -> Response:
    match = _RANGE.fullmatch(header or "")
    if match is None:
        return Response(200, data, answer)
    first, last, suffix = match.groups()
    start = max(0, len(data) - int(suffix)) if suffix else int(first)
    end = min(int(last), len(data) - 1) if last else len(data) - 1
    if start >= len(data) or start > end:
        error = json_response(ApiError(416, "Requested range not satisfiable").body(), 416)
        return Response(416, error.body, dict(error.headers) | {"Content-Range": f"bytes */{len(data)}"})
    answer["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
    return Response(206, data[start : end + 1], answer)
