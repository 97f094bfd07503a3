"""Notifications: which configs match an event, the message of an event, and the outbox that publishes it.

Formats follow "Pub/Sub notifications for Cloud Storage" (attributes, JSON_API_V1 payload, event types).
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from tipoff_local.database import Database
from tipoff_local.errors import ApiError, invalid, not_found
from tipoff_local.storage.model import Stored, rfc3339

_TOPIC_PREFIX = "//pubsub.googleapis.com/"
_RETRY_S = 0.5
_IDLE_S = 5.0
_BATCH = 200

type Publish = Callable[[str, bytes, dict[str, str]], object]


class EventType(StrEnum):
    """Kinds of events; the values are those of the eventType attribute."""

    FINALIZE = "OBJECT_FINALIZE"
    METADATA_UPDATE = "OBJECT_METADATA_UPDATE"
    DELETE = "OBJECT_DELETE"
    ARCHIVE = "OBJECT_ARCHIVE"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of one generation of an object."""

    kind: EventType
    object: Stored
    overwrote_generation: int | None = None
    overwritten_by_generation: int | None = None


class Config(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A notificationConfig; JSON names are the API's snake case."""

    topic: str
    payload_format: str
    event_types: tuple[EventType, ...] = ()
    object_name_prefix: str = ""
    custom_attributes: dict[str, str] = {}
    id: str = ""

    @property
    def topic_path(self) -> str:
        """`projects/P/topics/T`."""
        return self.topic.removeprefix(_TOPIC_PREFIX)

    def matches(self, event: Event) -> bool:
        """Whether this config selects the event. A config without event types selects all."""
        wanted = not self.event_types or event.kind in self.event_types
        return wanted and event.object.name.startswith(self.object_name_prefix)


def enqueue(rows: sqlite3.Connection, event: Event, base_url: str) -> None:
    """Add the event's messages to the outbox, in the transaction of the change itself."""
    for config in _configs(rows, event.object.bucket):
        if config.matches(event):
            wants_payload = config.payload_format == "JSON_API_V1"
            data = msgspec.json.encode(event.object.resource(base_url)) if wants_payload else b""
            attributes = msgspec.json.encode(_attributes(config, event))
            rows.execute(
                "INSERT INTO outbox (topic, data, attributes) VALUES (?, ?, ?)",
                (config.topic_path, data, attributes))  # fmt: skip


def create_config(rows: sqlite3.Connection, bucket: str, config: Config) -> Config:
    """Store a config under the bucket's next id, and increase the bucket's metageneration."""
    if config.payload_format not in ("JSON_API_V1", "NONE"):
        raise invalid(f"Invalid payload_format: {config.payload_format!r}")
    if not config.topic_path.startswith("projects/"):
        raise invalid(f"Invalid topic: {config.topic!r}")
    if len(list_configs(rows, bucket)) >= 100:
        raise invalid("A bucket can have at most 100 notification configurations.")
    last = rows.execute("SELECT MAX(id) FROM notifications WHERE bucket = ?", (bucket,)).fetchone()[0]
    # gcloud sends the path without a prefix; it is stored and shown in the documented form.
    stored = msgspec.structs.replace(config, id=str((last or 0) + 1), topic=_TOPIC_PREFIX + config.topic_path)
    values = (bucket, int(stored.id), msgspec.json.encode(stored))
    rows.execute("INSERT INTO notifications VALUES (?, ?, ?)", values)
    _touch(rows, bucket)
    return stored


def list_configs(rows: sqlite3.Connection, bucket: str) -> list[Config]:
    """All configs of a bucket, oldest first."""
    return _configs(rows, bucket)


def get_config(rows: sqlite3.Connection, bucket: str, config_id: str) -> Config:
    """The config with that id; 404 if there is none."""
    for config in _configs(rows, bucket):
        if config.id == config_id:
            return config
    raise not_found(f"The specified notification {config_id!r} does not exist.")


def delete_config(rows: sqlite3.Connection, bucket: str, config_id: str) -> None:
    """Delete a config, and increase the bucket's metageneration."""
    get_config(rows, bucket, config_id)
    rows.execute("DELETE FROM notifications WHERE bucket = ? AND id = ?", (bucket, int(config_id)))
    _touch(rows, bucket)


class Outbox:
    """Publishes queued messages in the background. A row is deleted only after its message was published.

    It reads the queue in passes. A message that fails is skipped and tried again in the next pass, so messages to a
    topic that does not exist never delay the others.
    """

    def __init__(self, database: Database, publish: Publish) -> None:
        self._database = database
        self._last_id = 0
        self._failed = False
        self._publish = publish
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to publish, with the messages that an earlier run left."""
        self._thread.start()

    def wake(self) -> None:
        """Tell the outbox that a change was committed."""
        self._wake.set()

    def stop(self) -> None:
        """Stop after the current message; the next start publishes the rest."""
        self._stopping = True
        self._wake.set()
        self._thread.join(5)

    @property
    def waiting(self) -> int:
        """Messages that are committed and not yet published."""
        with self._database.reading() as rows:
            return int(rows.execute("SELECT COUNT(*) FROM outbox").fetchone()[0])

    def _run(self) -> None:
        retry_at: float | None = None
        while not self._stopping:
            self._wake.clear()
            if self._publish_batch():
                continue
            if self._failed and retry_at is None:
                retry_at = time.monotonic() + _RETRY_S
            self._wake.wait(_IDLE_S if retry_at is None else max(0.0, retry_at - time.monotonic()))
            if retry_at is not None and time.monotonic() >= retry_at:
                self._last_id, self._failed, retry_at = 0, False, None

    def _publish_batch(self) -> bool:
        """Try the next messages of this pass; False at its end."""
        with self._database.reading() as rows:
            found = rows.execute("SELECT * FROM outbox WHERE id > ? ORDER BY id LIMIT ?", (self._last_id, _BATCH))
            batch = found.fetchall()
        done = [(row["id"],) for row in batch if not self._stopping and self._deliver(row)]
        if done:
            with self._database.transaction() as rows:
                rows.executemany("DELETE FROM outbox WHERE id = ?", done)
        self._failed = self._failed or len(done) < len(batch)
        self._last_id = batch[-1]["id"] if batch else self._last_id
        return bool(batch)

    def _deliver(self, row: sqlite3.Row) -> bool:
        attributes = msgspec.json.decode(row["attributes"], type=dict[str, str])
        try:
            self._publish(row["topic"], row["data"], attributes)
        except (ApiError, OSError) as error:
            logging.getLogger(__name__).warning(
                "notification to %s was not published and is tried again: %s", row["topic"], error
            )
            return False
        return True


def _configs(rows: sqlite3.Connection, bucket: str) -> list[Config]:
    found = rows.execute("SELECT config FROM notifications WHERE bucket = ? ORDER BY id", (bucket,))
    return [msgspec.json.decode(row[0], type=Config) for row in found]


def _touch(rows: sqlite3.Connection, bucket: str) -> None:
    rows.execute("UPDATE buckets SET metageneration = metageneration + 1 WHERE name = ?", (bucket,))


def _attributes(config: Config, event: Event) -> dict[str, str]:
    stored = event.object
    happened_us = stored.deleted_us or stored.updated_us
    attributes = config.custom_attributes | {
        "notificationConfig": f"projects/_/buckets/{stored.bucket}/notificationConfigs/{config.id}",
        "eventType": event.kind.value,
        "payloadFormat": config.payload_format,
        "bucketId": stored.bucket,
        "objectId": stored.name,
        "objectGeneration": str(stored.generation),
        "eventTime": rfc3339(happened_us),
    }
    if event.overwrote_generation is not None:
        attributes["overwroteGeneration"] = str(event.overwrote_generation)
    if event.overwritten_by_generation is not None:
        attributes["overwrittenByGeneration"] = str(event.overwritten_by_generation)
    return attributes
