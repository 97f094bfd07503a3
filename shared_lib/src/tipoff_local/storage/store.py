"""Objects and buckets on disk: bodies in files named by random ids, everything else in one SQLite file.

A body is written before the row that names it is committed, and the event of a change is committed with the row (the
outbox). So after SIGKILL there is the old object, or the new one with its event. A file that no row names is removed
at the next start. Object names are never used as paths.
"""

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tipoff_local.database import Database
from tipoff_local.errors import ApiError, not_found
from tipoff_local.storage.events import Event, EventType, enqueue
from tipoff_local.storage.model import (
    BucketSettings,
    Checksums,
    Conditions,
    Settings,
    Stored,
    condition_not_met,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
  name TEXT PRIMARY KEY, created_us INTEGER, updated_us INTEGER, metageneration INTEGER, settings BLOB);
CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT, name TEXT, generation INTEGER, metageneration INTEGER, size INTEGER, md5 TEXT, crc32c TEXT,
  file TEXT, created_us INTEGER, updated_us INTEGER, deleted_us INTEGER, settings BLOB,
  PRIMARY KEY (bucket, name, generation)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS live_objects ON objects (bucket, name) WHERE deleted_us IS NULL;
CREATE INDEX IF NOT EXISTS object_files ON objects (file);
CREATE TABLE IF NOT EXISTS notifications (bucket TEXT, id INTEGER, config BLOB, PRIMARY KEY (bucket, id));
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, data BLOB, attributes BLOB);
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT, name TEXT, request BLOB);
"""
_COLUMNS = (
    "bucket, name, generation, metageneration, size, md5, crc32c, file, created_us, updated_us, deleted_us, settings"
)
_OBJECT = f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND name = ?"  # noqa: S608 - constant columns
_LISTED = f"SELECT {_COLUMNS} FROM objects WHERE bucket = ?"  # noqa: S608 - constant columns
_INSERT = f"INSERT INTO objects ({_COLUMNS}) VALUES ({', '.join('?' * 12)})"  # noqa: S608 - constant columns

LAST = "\U0010ffff"
"""Sorts after every character that a name may have."""

type Position = tuple[str, int]
"""Where a page of a listing ended: name and generation."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket row; times are epoch microseconds."""

    name: str
    created_us: int
    updated_us: int
    metageneration: int
    settings: BucketSettings


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes on disk that no row names yet."""

    file: str
    size: int
    sums: Checksums


class Store:
    """All state of the storage server, below `folder`. Thread-safe."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.database = Database(folder / "storage.sqlite", _SCHEMA)
        self.base_url = base_url
        self._files = folder / "objects"
        self._files.mkdir(parents=True, exist_ok=True)
        with self.database.reading() as rows:
            newest = rows.execute("SELECT MAX(generation) FROM objects").fetchone()[0]
        self._last_us: int = newest or 0
        self._collect_garbage()

    # -- buckets

    def create_bucket(self, name: str, settings: BucketSettings) -> Bucket:
        """Create a bucket; 409 if it exists."""
        now = self._now_us()
        row = (name, now, now, 1, msgspec.json.encode(settings))
        with self.database.transaction() as rows:
            if rows.execute("SELECT 1 FROM buckets WHERE name = ?", (name,)).fetchone():
                raise ApiError(409, f"The bucket {name!r} already exists: you already own it.", "conflict")
            rows.execute("INSERT INTO buckets VALUES (?, ?, ?, ?, ?)", row)
        return Bucket(name, now, now, 1, settings)

    def bucket(self, name: str) -> Bucket:
        """A bucket; 404 if there is none."""
        with self.database.reading() as rows:
            return bucket_of(rows, name)

    def buckets(self, prefix: str) -> list[Bucket]:
        """All buckets whose name starts with `prefix`, by name."""
        with self.database.reading() as rows:
            found = rows.execute("SELECT * FROM buckets WHERE substr(name, 1, ?) = ? ORDER BY name", (
                len(prefix), prefix)).fetchall()  # fmt: skip
        return [_bucket(row) for row in found]

    def update_bucket(self, name: str, settings: BucketSettings, conditions: Conditions) -> Bucket:
        """Replace the settings, and increase the metageneration."""
        with self.database.transaction() as rows:
            current = bucket_of(rows, name)
            _check_bucket(current, conditions)
            values = (msgspec.json.encode(settings), self._now_us(), name)
            rows.execute(
                "UPDATE buckets SET settings = ?, updated_us = ?, metageneration = metageneration + 1 "
                "WHERE name = ?", values)  # fmt: skip
            return bucket_of(rows, name)

    def delete_bucket(self, name: str, conditions: Conditions) -> None:
        """Delete a bucket; 409 unless it is empty, also of archived generations."""
        with self.database.transaction() as rows:
            _check_bucket(bucket_of(rows, name), conditions)
            if rows.execute("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", (name,)).fetchone():
                raise ApiError(409, "The bucket you tried to delete is not empty.", "conflict")
            for table in ("buckets WHERE name", "notifications WHERE bucket", "uploads WHERE bucket"):
                rows.execute(f"DELETE FROM {table} = ?", (name,))  # noqa: S608 - constants of the line above

    # -- objects

    def find(self, bucket: str, name: str, generation: int | None, conditions: Conditions) -> Stored:
        """The live object, or the given generation.

        Raises:
            ApiError: 404 if there is none, 412 or 304 by the conditions.
        """
        with self.database.reading() as rows:
            found = self._existing(rows, bucket, name, generation)
        conditions.check_read(found)
        return found

    def read(self, bucket: str, name: str, generation: int | None, conditions: Conditions) -> tuple[Stored, bytes]:
        """Like `find`, with the stored bytes."""
        with self.database.reading() as rows:
            found = self._existing(rows, bucket, name, generation)
            # Opened under the lock: a later overwrite unlinks the file, but an open file stays readable.
            body = (self._files / found.file).open("rb")
        with body:
            conditions.check_read(found)
            return found, body.read()

    def save(self, data: bytes) -> Body:
        """Write bytes to a new file; `put` makes it an object, `discard` removes it."""
        file = uuid.uuid4().hex
        (self._files / file).write_bytes(data)
        return Body(file, len(data), Checksums.of(data))

    def put(
        self, bucket: str, name: str, body: Body, settings: Settings, conditions: Conditions, *,
        session: str | None = None, replacing: Callable[[], None] = lambda: None,
    ) -> Stored:  # fmt: skip
        """Make `body` the live object. Of concurrent writers with the same precondition, exactly one succeeds.

        Args:
            session: the resumable upload that this completes; deleted in the same transaction.
            replacing: called before an existing object is replaced; may raise.

        Raises:
            ApiError: 404 without the bucket, 412 by the conditions.
        """
        with self._replacing(body.file) as dropped, self.database.transaction() as rows:
            owner = bucket_of(rows, bucket)
            current = self._live(rows, bucket, name)
            conditions.check_write(current)
            if current is not None:
                replacing()
            now = self._now_us()
            new = Stored(bucket, name, now, 1, body.size, body.sums, body.file, now, now, None, settings)
            if current is not None:
                dropped += self._retire(rows, owner, current, by=new.generation)
            rows.execute(_INSERT, _row(new))
            rows.execute("DELETE FROM uploads WHERE id = ?", (session,))
            overwrote = current.generation if current else None
            self._emit(rows, Event(EventType.FINALIZE, new, overwrote_generation=overwrote))
        return new

    def update(
        self, bucket: str, name: str, generation: int | None, settings: Settings, conditions: Conditions
    ) -> Stored:
        """Replace the metadata, and increase the metageneration by one."""
        with self.database.transaction() as rows:
            current = self._existing(rows, bucket, name, generation)
            conditions.check_write(current)
            now, meta = self._now_us(), current.metageneration + 1
            new = replace(current, settings=settings, metageneration=meta, updated_us=now)
            rows.execute(
                "UPDATE objects SET settings = ?, metageneration = ?, updated_us = ? "
                "WHERE bucket = ? AND name = ? AND generation = ?",
                (msgspec.json.encode(settings), meta, now, bucket, name, new.generation))  # fmt: skip
            self._emit(rows, Event(EventType.METADATA_UPDATE, new))
        return new

    def delete(self, bucket: str, name: str, generation: int | None, conditions: Conditions) -> None:
        """Delete a generation, or the live object, which a versioned bucket archives."""
        with self._replacing(None) as dropped, self.database.transaction() as rows:
            owner = bucket_of(rows, bucket)
            current = self._existing(rows, bucket, name, generation)
            conditions.check_write(current)
            if generation is None:
                dropped += self._retire(rows, owner, current, by=None)
            else:
                dropped += self._remove(rows, current, by=None)

    def listing(
        self, bucket: str, *, start: str, end: str, prefix: str, versions: bool, after: Position, limit: int
    ) -> list[Stored]:
        """At most `limit` objects after `after` with `start <= name < end`, by (name, generation)."""
        sql = f"{_LISTED} AND name >= ? AND (name, generation) > (?, ?)"
        values: list[str | int] = [bucket, max(start, prefix), *after]
        for bound in (end, prefix and prefix + LAST):
            if bound:
                sql, values = sql + " AND name < ?", [*values, bound]
        if not versions:
            sql += " AND deleted_us IS NULL"
        with self.database.reading() as rows:
            bucket_of(rows, bucket)
            found = rows.execute(sql + " ORDER BY name, generation LIMIT ?", [*values, limit]).fetchall()
        return [_stored(row) for row in found]

    # -- resumable uploads

    def part_file(self, upload_id: str) -> Path:
        """The file with the bytes of an unfinished resumable upload."""
        return self._files / f"upload-{upload_id}"

    def upload_body(self, upload_id: str) -> Body:
        """The bytes of a complete resumable upload as a body; the file keeps its name."""
        part = self.part_file(upload_id)
        data = part.read_bytes()
        return Body(part.name, len(data), Checksums.of(data))

    def delete_upload(self, upload_id: str) -> None:
        """Delete a resumable upload without making an object."""
        with self.database.transaction() as rows:
            rows.execute("DELETE FROM uploads WHERE id = ?", (upload_id,))
        self.part_file(upload_id).unlink(missing_ok=True)

    def discard(self, body: Body) -> None:
        """Remove the file of a body that is not used."""
        (self._files / body.file).unlink(missing_ok=True)

    # -- inside a transaction

    def _live(self, rows: sqlite3.Connection, bucket: str, name: str) -> Stored | None:
        row = rows.execute(f"{_OBJECT} AND deleted_us IS NULL", (bucket, name)).fetchone()
        return _stored(row) if row else None

    def _existing(self, rows: sqlite3.Connection, bucket: str, name: str, generation: int | None) -> Stored:
        if generation is None:
            found = self._live(rows, bucket, name)
        else:
            row = rows.execute(f"{_OBJECT} AND generation = ?", (bucket, name, generation)).fetchone()
            found = _stored(row) if row else None
        if found is None:
            bucket_of(rows, bucket)
            raise not_found(f"No such object: {bucket}/{name}")
        return found

    def _retire(self, rows: sqlite3.Connection, owner: Bucket, current: Stored, by: int | None) -> Sequence[str]:
        if not owner.settings.versioned:
            return self._remove(rows, current, by)
        now = self._now_us()
        rows.execute(
            "UPDATE objects SET deleted_us = ? WHERE bucket = ? AND name = ? AND generation = ?",
            (now, current.bucket, current.name, current.generation))  # fmt: skip
        archived = replace(current, deleted_us=now)
        self._emit(rows, Event(EventType.ARCHIVE, archived, overwritten_by_generation=by))
        return ()

    def _remove(self, rows: sqlite3.Connection, current: Stored, by: int | None) -> Sequence[str]:
        rows.execute(
            "DELETE FROM objects WHERE bucket = ? AND name = ? AND generation = ?",
            (current.bucket, current.name, current.generation))  # fmt: skip
        gone = replace(current, deleted_us=current.deleted_us or self._now_us())
        self._emit(rows, Event(EventType.DELETE, gone, overwritten_by_generation=by))
        return (current.file,)

    def _emit(self, rows: sqlite3.Connection, event: Event) -> None:
        enqueue(rows, event, self.base_url)

    @contextmanager
    def _replacing(self, new_file: str | None) -> Iterator[list[str]]:
        """Remove the files that the block lists once it has committed, or `new_file` if it failed."""
        dropped: list[str] = []
        unused = [new_file] if new_file else []
        try:
            yield dropped
            unused = dropped
        finally:
            for file in unused:
                (self._files / file).unlink(missing_ok=True)

    def _now_us(self) -> int:
        # Called only in transactions. It is strictly increasing, so it is also used as the generation.
        self._last_us = max(time.time_ns() // 1000, self._last_us + 1)
        return self._last_us

    def _collect_garbage(self) -> None:
        with self.database.reading() as rows:
            known = {row[0] for row in rows.execute("SELECT file FROM objects")}
            known |= {f"upload-{row[0]}" for row in rows.execute("SELECT id FROM uploads")}
        for path in self._files.iterdir():
            if path.name not in known:
                path.unlink()


def bucket_of(rows: sqlite3.Connection, name: str) -> Bucket:
    """The bucket row, in a transaction; 404 if there is none."""
    row = rows.execute("SELECT * FROM buckets WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise not_found("The specified bucket does not exist.")
    return _bucket(row)


def _check_bucket(bucket: Bucket, conditions: Conditions) -> None:
    meta = bucket.metageneration
    if conditions.metageneration not in (None, meta) or conditions.not_metageneration == meta:
        raise condition_not_met()


def _bucket(row: sqlite3.Row) -> Bucket:
    name, created, updated, meta, settings = row
    return Bucket(name, created, updated, meta, msgspec.json.decode(settings, type=BucketSettings))


def _stored(row: sqlite3.Row) -> Stored:
    bucket, name, generation, meta, size, md5, crc, file, created, updated, deleted, settings = row
    decoded = msgspec.json.decode(settings, type=Settings)
    sums = Checksums(md5, crc)
    return Stored(bucket, name, generation, meta, size, sums, file, created, updated, deleted, decoded)


def _row(new: Stored) -> tuple[object, ...]:
    return (
        new.bucket, new.name, new.generation, new.metageneration, new.size, new.sums.md5, new.sums.crc32c,
        new.file, new.created_us, new.updated_us, new.deleted_us, msgspec.json.encode(new.settings),
    )  # fmt: skip
