"""Cloud Storage: reads at a generation, writes with a precondition, lists and copies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.storage import storage_client
from tipoff.cloud.downloads import Downloads, ObjectBytes
from tipoff.cloud.errors import translated
from tipoff.cloud.failpoints import around
from tipoff.core.errors import Conflict

if TYPE_CHECKING:
    from google.cloud import storage


@dataclass(frozen=True)
class ObjectName:
    """An entry of a listing; `created_at` is the instant at which this generation was written."""

    name: str
    generation: int
    size_bytes: int
    created_at: datetime | None = None


class ObjectStore:
    """Buckets of one project. Failures are raised as our errors."""

    def __init__(self, at: Endpoints) -> None:
        self._client: storage.Client = storage_client(at)
        self._downloads = Downloads(at)

    def read(self, bucket: str, name: str, generation: int | None = None) -> ObjectBytes:
        """The object at `generation` (None: the live one). See `Downloads.read`."""
        return self._downloads.read(bucket, name, generation)

    def write(
        self,
        bucket: str,
        name: str,
        data: bytes,
        content_type: str = "application/json",
        if_generation: int | None = None,
        content_encoding: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> int:
        """Write an object and return its generation.

        Args:
            if_generation: 0 to create the object only; another generation to replace only that one.
            metadata: custom metadata of the object.

        Raises:
            Conflict: the precondition failed.
        """
        blob = self._client.bucket(bucket).blob(name)
        blob.content_encoding = content_encoding
        blob.metadata = dict(metadata) if metadata else None
        with around("storage.write"), translated(f"write {bucket}/{name}"):
            blob.upload_from_string(data, content_type=content_type, if_generation_match=if_generation)
        return int(blob.generation or 0)

    def delete(self, bucket: str, name: str, generation: int) -> None:
        """Delete exactly this generation.

        Raises:
            Conflict: another generation is live.
            NotReady: there is no such object.
        """
        with around("storage.delete"), translated(f"delete {bucket}/{name}", of_object=True):
            self._client.bucket(bucket).blob(name).delete(if_generation_match=generation)

    def keep_copy(self, source_bucket: str, name: str, generation: int, bucket: str, copy_name: str) -> None:
        """Copy one generation to another name. An existing copy stays."""
        source = self._client.bucket(source_bucket)
        blob = source.blob(name)
        try:
            with around("storage.copy"), translated(f"copy {source_bucket}/{name}#{generation}", of_object=True):
                source.copy_blob(
                    blob,
                    self._client.bucket(bucket),
                    copy_name,
                    source_generation=generation,
                    if_generation_match=0,
                )
        except Conflict:
            return

    def names(self, bucket: str, prefix: str = "") -> Iterator[ObjectName]:
        """Live objects whose name starts with `prefix`, in name order."""
        with translated(f"list {bucket}/{prefix}"):
            for blob in self._client.list_blobs(bucket, prefix=prefix):
                yield ObjectName(blob.name, int(blob.generation), int(blob.size), blob.time_created)
