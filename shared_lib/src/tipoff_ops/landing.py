"""Documents on their way into the landing bucket, and waiting until every one of them has ended."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from itertools import batched
from threading import local
from urllib.parse import quote, urlencode

import msgspec
from google.api_core.exceptions import from_http_status

from tipoff_local.wire import Client
from tipoff_ops.local import LocalMesh

UPLOAD_THREADS = 8
UPLOAD_TIMEOUT_S = 60.0
UPLOADS_AHEAD = 256  # bodies held in memory at a time
QUIET_LOOKS = 3
LOOK_EVERY_S = 0.05
GIVE_UP_AFTER_S = 600.0

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_IMPLEMENTED)

type Progress = Callable[[int], None]


class NeverQuiet(Exception):
    """Messages were still undelivered when the patience of the waiter ended."""


@dataclass(frozen=True)
class Upload:
    """A document and the object name to land it under."""

    object_name: str
    body: bytes
    content_type: str = "application/json"
    content_encoding: str | None = None


@dataclass(frozen=True)
class Landed:
    """An object as the bucket took it; `generation` 0 and `refusal` when it holds no such name."""

    object_name: str
    generation: int
    size_bytes: int
    refusal: str | None = None


class _Resource(msgspec.Struct, frozen=True):
    generation: str


class _Error(msgspec.Struct, frozen=True):
    message: str


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error


class Lander:
    """Uploads documents to the landing bucket of a local mesh.

    By plain requests of the JSON API: what the official client asks for an upload is a tenth of all that a document
    costs on its way into the tables, and where the service is Google's, the machine that takes documents in is another
    than the one that sends them.
    """

    def __init__(self, mesh: LocalMesh) -> None:
        self._mesh = mesh
        self._bucket = mesh.names.buckets["landing"]
        self._thread = local()

    def land(self, uploads: Iterable[Upload], progress: Progress) -> int:
        """Upload all; returns how many. `progress` is told 1 for each."""
        count = 0
        for _ in self.landed(uploads):
            progress(1)
            count += 1
        return count

    def landed(self, uploads: Iterable[Upload]) -> Iterator[Landed]:
        """Upload all, names verbatim, and say of each, in order, what the bucket made of it."""
        with ThreadPoolExecutor(UPLOAD_THREADS) as pool:
            for some in batched(uploads, UPLOADS_AHEAD, strict=False):
                yield from pool.map(self._upload, some)

    def _upload(self, upload: Upload) -> Landed:
        query = {"uploadType": "media", "name": upload.object_name}
        if upload.content_encoding is not None:
            query["contentEncoding"] = upload.content_encoding
        target = f"/upload/storage/v1/b/{self._bucket}/o?{urlencode(query, quote_via=quote)}"
        answer = self._client().request("POST", target, {"Content-Type": upload.content_type}, upload.body)
        if answer.status in _REFUSED:
            message = msgspec.json.decode(answer.body, type=_Refusal).error.message
            return Landed(upload.object_name, 0, len(upload.body), message)
        if answer.status != HTTPStatus.OK:
            raise from_http_status(answer.status, answer.body.decode("utf-8", "replace"))
        generation = int(msgspec.json.decode(answer.body, type=_Resource).generation)
        return Landed(upload.object_name, generation, len(upload.body))

    def _client(self) -> Client:
        """This thread's connection."""
        if not hasattr(self._thread, "client"):
            self._thread.client = Client(self._mesh.storage.url, UPLOAD_TIMEOUT_S)
        client: Client = self._thread.client
        return client

    def wait(self, subscriptions: Iterable[str]) -> None:
        """Return when the storage outbox and these subscriptions (mesh keys) hold nothing any more.

        Raises:
            NeverQuiet: something is still there after ten minutes.
        """
        paths = [self._mesh.names.subscription_path(key) for key in subscriptions]
        deadline = time.monotonic() + GIVE_UP_AFTER_S
        quiet = 0
        while quiet < QUIET_LOOKS:
            held = self._mesh.storage.unpublished + sum(self._mesh.pubsub.backlog(path) for path in paths)
            quiet = quiet + 1 if held == 0 else 0
            if time.monotonic() > deadline:
                raise NeverQuiet(f"{held} messages are still undelivered")
            time.sleep(LOOK_EVERY_S)
