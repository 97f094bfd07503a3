"""The journal of Pub/Sub: topics, subscriptions, messages and undelivered messages, kept over a restart or SIGKILL.

A published message is durable before the request is answered. Acknowledgements and failures are written in batches a
few milliseconds later. If some are lost, a message is delivered again, which at-least-once delivery allows.
"""

import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from google.pubsub_v1 import types

from tipoff_local.database import Database
from tipoff_local.pubsub.queue import Delivery, Message

_SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, config BLOB);
CREATE TABLE IF NOT EXISTS subscriptions (name TEXT PRIMARY KEY, config BLOB);
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB, attributes BLOB, published_us INTEGER);
CREATE TABLE IF NOT EXISTS deliveries (
  message INTEGER, subscription TEXT, failures INTEGER DEFAULT 0,
  PRIMARY KEY (message, subscription)) WITHOUT ROWID;
"""
_FLUSH_S = 0.02
_RETENTION_US = 7 * 86_400 * 1_000_000

type Content = tuple[bytes, Mapping[str, str]]
"""Data and attributes of a new message."""


class Journal:
    """The SQLite file of one Pub/Sub server."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "pubsub.sqlite", _SCHEMA)
        self._lock = threading.Lock()
        self._acked: list[tuple[int, str]] = []
        self._failed: list[tuple[int, int, str]] = []
        self._dirty = threading.Event()
        self._stopping = False
        self._delete_old()
        self._thread = threading.Thread(target=self._flush_loop, name="pubsub-journal", daemon=True)
        self._thread.start()

    def load_topics(self) -> list[types.Topic]:
        """All topics."""
        with self._database.reading() as rows:
            return [types.Topic.deserialize(row[0]) for row in rows.execute("SELECT config FROM topics")]

    def load_subscriptions(self) -> list[types.Subscription]:
        """All subscriptions."""
        with self._database.reading() as rows:
            found = rows.execute("SELECT config FROM subscriptions").fetchall()
        return [types.Subscription.deserialize(row[0]) for row in found]

    def load_deliveries(self) -> dict[str, list[Delivery]]:
        """The undelivered messages of each subscription, oldest first."""
        waiting: dict[str, list[Delivery]] = {}
        messages: dict[int, Message] = {}
        with self._database.reading() as rows:
            found = rows.execute(
                "SELECT id, data, attributes, published_us, subscription, failures "
                "FROM deliveries JOIN messages ON id = message ORDER BY id").fetchall()  # fmt: skip
        for row in found:
            message = messages.setdefault(row["id"], _message(row))
            waiting.setdefault(row["subscription"], []).append(Delivery(message, row["failures"]))
        return waiting

    def save_topic(self, topic: types.Topic) -> None:
        """Insert or replace."""
        self._save("topics", topic.name, types.Topic.serialize(topic))

    def save_subscription(self, subscription: types.Subscription) -> None:
        """Insert or replace."""
        self._save("subscriptions", subscription.name, types.Subscription.serialize(subscription))

    def delete_topic(self, name: str) -> None:
        """Delete a topic."""
        with self._database.transaction() as rows:
            rows.execute("DELETE FROM topics WHERE name = ?", (name,))

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription and its undelivered messages."""
        with self._database.transaction() as rows:
            rows.execute("DELETE FROM subscriptions WHERE name = ?", (name,))
            rows.execute("DELETE FROM deliveries WHERE subscription = ?", (name,))

    def publish(
        self, contents: Sequence[Content], subscriptions: Sequence[str],
        instead_of: tuple[int, str] | None = None,
    ) -> list[Message]:  # fmt: skip
        """Store messages for these subscriptions; they are durable on return.

        Args:
            instead_of: (message, subscription) of the delivery that becomes this dead letter; removed in the same
                transaction.
        """
        published_us = time.time_ns() // 1000
        with self._database.transaction() as rows:
            messages = [self._insert(rows, content, published_us) for content in contents]
            pairs = ((message.id, name) for message in messages for name in subscriptions)
            rows.executemany("INSERT INTO deliveries (message, subscription) VALUES (?, ?)", pairs)
            if instead_of is not None:
                _end(rows, [instead_of])
        return messages

    def acked(self, message: int, subscription: str) -> None:
        """Record an acknowledged delivery; it is written a few milliseconds later."""
        with self._lock:
            self._acked.append((message, subscription))
        self._dirty.set()

    def failed(self, message: int, subscription: str, failures: int) -> None:
        """Record a failed delivery; it is written a few milliseconds later."""
        with self._lock:
            self._failed.append((failures, message, subscription))
        self._dirty.set()

    def close(self) -> None:
        """Write what was recorded and close the file."""
        self._stopping = True
        self._dirty.set()
        self._thread.join()
        self._flush()
        self._database.close()

    def _insert(self, rows: sqlite3.Connection, content: Content, published_us: int) -> Message:
        data, attributes = content
        values = (data, msgspec.json.encode(dict(attributes)), published_us)
        insert = "INSERT INTO messages (data, attributes, published_us) VALUES (?, ?, ?)"
        cursor = rows.execute(insert, values)
        return Message(cursor.lastrowid or 0, data, dict(attributes), _instant(published_us))

    def _save(self, table: str, name: str, config: bytes) -> None:
        with self._database.transaction() as rows:
            rows.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (name, config))  # noqa: S608

    def _flush_loop(self) -> None:
        while not self._stopping:
            self._dirty.wait()
            time.sleep(_FLUSH_S)  # wait for more, so that one transaction writes all of them
            self._dirty.clear()
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            acked, self._acked = self._acked, []
            failed, self._failed = self._failed, []
        if acked or failed:
            with self._database.transaction() as rows:
                change = "UPDATE deliveries SET failures = ? WHERE message = ? AND subscription = ?"
                rows.executemany(change, failed)
                _end(rows, acked)

    def _delete_old(self) -> None:
        oldest_us = time.time_ns() // 1000 - _RETENTION_US
        with self._database.transaction() as rows:
            rows.execute("DELETE FROM messages WHERE published_us < ?", (oldest_us,))
            rows.execute("DELETE FROM deliveries WHERE message NOT IN (SELECT id FROM messages)")
            rows.execute("DELETE FROM messages WHERE id NOT IN (SELECT message FROM deliveries)")


def _end(rows: sqlite3.Connection, pairs: Iterable[tuple[int, str]]) -> None:
    ended = list(pairs)
    rows.executemany("DELETE FROM deliveries WHERE message = ? AND subscription = ?", ended)
    rows.executemany(
        "DELETE FROM messages WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE message = ?1)",
        [(message,) for message, _ in ended])  # fmt: skip


def _message(row: sqlite3.Row) -> Message:
    attributes = msgspec.json.decode(row["attributes"], type=dict[str, str])
    return Message(row["id"], row["data"], attributes, _instant(row["published_us"]))


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
