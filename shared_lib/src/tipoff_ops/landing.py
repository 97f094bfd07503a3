"""Documents on their way into the landing bucket, and waiting until every one of them has ended."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched
from threading import local

from google.api_core.exceptions import BadRequest, MethodNotImplemented
from google.cloud import storage

from tipoff.cloud.clients.storage import storage_client
from tipoff_ops.local import LocalMesh

UPLOAD_THREADS = 8
UPLOADS_AHEAD = 256  # bodies held in memory at a time
QUIET_LOOKS = 3
LOOK_EVERY_S = 0.1
GIVE_UP_AFTER_S = 600.0

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


class Lander:
    """Uploads documents to the landing bucket of a mesh, write-once as every collector does."""

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
        blob = self._bucket_of_thread().blob(upload.object_name)
        blob.content_encoding = upload.content_encoding
        try:
            blob.upload_from_string(upload.body, content_type=upload.content_type)
        except (BadRequest, MethodNotImplemented) as error:
            return Landed(upload.object_name, 0, len(upload.body), error.message)
        return Landed(upload.object_name, int(blob.generation or 0), len(upload.body))

    def _bucket_of_thread(self) -> storage.Bucket:
        if not hasattr(self._thread, "bucket"):
            self._thread.bucket = storage_client(self._mesh.settings).bucket(self._bucket)
        bucket: storage.Bucket = self._thread.bucket
        return bucket

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
