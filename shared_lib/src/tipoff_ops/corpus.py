"""Landing corpora: zips whose member names are object names, read in memory in the order of observation.

Members are never extracted: an object name is the key of an object, and `../x` or `/etc/x` a strange one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

from tipoff.core.contracts import route

MAX_BODY_BYTES = 32 * 1024 * 1024
_EASTERN = ZoneInfo("America/New_York")


class CorpusTooLarge(ValueError):
    """A member unpacks to more than MAX_BODY_BYTES."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a corpus, not yet read.

    Attributes:
        object_name: the name to land it under.
        observed_at: instant (UTC) in the name.
        game_date: Eastern date the name files it under; a schedule's is the date of its capture.
        source: which contract reads it, e.g. `nbac_boxscore`.
        size: bytes when unpacked.
    """

    object_name: str
    observed_at: datetime
    game_date: date
    source: str
    size: int


@dataclass(frozen=True, slots=True)
class CorpusDocument:
    """A member with its bytes."""

    object_name: str
    observed_at: datetime
    body: bytes


class Corpus:
    """One landing zip.

        for document in Corpus(path).documents(first=date(2024, 10, 22), last=date(2024, 11, 7)):
            upload(document.object_name, document.body)

    Attributes:
        path: the zip; opened for each pass, so a Corpus holds no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Members whose name routes to a source, by (observed_at, object_name)."""
        return tuple(sorted(self._routed(), key=lambda entry: (entry.observed_at, entry.object_name)))

    @cached_property
    def strangers(self) -> tuple[str, ...]:
        """Names no source knows, or without an instant, in the zip's order: said, so that none is lost silently."""
        known = {entry.object_name for entry in self.entries}
        with ZipFile(self.path) as archive:
            return tuple(name for name in archive.namelist() if name not in known)

    def select(self, first: date | None = None, last: date | None = None) -> tuple[Entry, ...]:
        """Entries filed under the Eastern dates `first..last`, both included; None: no limit."""
        return tuple(entry for entry in self.entries if (first or date.min) <= entry.game_date <= (last or date.max))

    def documents(self, first: date | None = None, last: date | None = None) -> Iterator[CorpusDocument]:
        """Read the selected entries one after the other, in order of observation.

        Raises:
            CorpusTooLarge: before anything of the offending member is unpacked beyond the limit.
        """
        with ZipFile(self.path) as archive:
            for entry in self.select(first, last):
                yield CorpusDocument(entry.object_name, entry.observed_at, _read(archive, entry.object_name))

    def body(self, object_name: str) -> bytes:
        """Bytes of one member, strangers included.

        Raises:
            KeyError: no such member.
            CorpusTooLarge: as for `documents`.
        """
        with ZipFile(self.path) as archive:
            return _read(archive, object_name)

    def _routed(self) -> Iterator[Entry]:
        with ZipFile(self.path) as archive:
            for member in archive.infolist():
                found = route(member.filename)
                if found is not None and found.captured_at is not None:
                    day = found.day or found.captured_at.astimezone(_EASTERN).date()
                    yield Entry(member.filename, found.captured_at, day, found.source, member.file_size)


def _read(archive: ZipFile, object_name: str) -> bytes:
    """Unpack at most the limit: the size a zip states about itself is not trusted."""
    with archive.open(object_name) as member:
        body = member.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        msg = f"{object_name[:200]!r} unpacks to more than {MAX_BODY_BYTES} bytes"
        raise CorpusTooLarge(msg)
    return body
