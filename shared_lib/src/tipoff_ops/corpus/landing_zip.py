"""Landing zips: their member names are object names, and they are read in memory in the order of observation.

Members are never extracted to disk: a name such as `../x` or `/etc/x` is the key of an object and never a path.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

from tipoff.sources import route

MAX_BODY_BYTES = 32 * 1024 * 1024
_EASTERN = ZoneInfo("America/New_York")


class MemberTooLarge(ValueError):
    """A member unpacks to more than MAX_BODY_BYTES."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a landing zip, not yet read.

    Attributes:
        object_name: the name to upload it under.
        observed_at: instant (UTC) in the name.
        game_date: Eastern date in the name; for a schedule, the date of its capture.
        source: the source whose contract parses it, e.g. `nbac_boxscore`.
        size: bytes when unpacked.
    """

    object_name: str
    observed_at: datetime
    game_date: date
    source: str
    size: int


@dataclass(frozen=True, slots=True)
class LandingDocument:
    """A member and its bytes."""

    object_name: str
    observed_at: datetime
    body: bytes


class LandingZip:
    """One landing zip.

        for document in LandingZip(path).documents(first=date(2024, 10, 22), last=date(2024, 11, 7)):
            upload(document.object_name, document.body)

    Attributes:
        path: the zip; opened for each pass, so that no file stays open.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Members whose name belongs to a source, by (observed_at, object_name)."""
        return tuple(sorted(self._routed(), key=lambda entry: (entry.observed_at, entry.object_name)))

    @cached_property
    def unknown_names(self) -> tuple[str, ...]:
        """Names without a source or an instant, in the order of the zip, so that no member is skipped silently."""
        known = {entry.object_name for entry in self.entries}
        with ZipFile(self.path) as archive:
            return tuple(name for name in archive.namelist() if name not in known)

    def select(self, first: date | None = None, last: date | None = None) -> tuple[Entry, ...]:
        """Entries of the Eastern dates `first..last`, both included; None is no limit."""
        return tuple(entry for entry in self.entries if (first or date.min) <= entry.game_date <= (last or date.max))

    def documents(self, first: date | None = None, last: date | None = None) -> Iterator[LandingDocument]:
        """Read the selected entries one after the other, in order of observation.

        Raises:
            MemberTooLarge: a member is larger than the limit; no more than the limit is unpacked.
        """
        with ZipFile(self.path) as archive:
            for entry in self.select(first, last):
                yield LandingDocument(entry.object_name, entry.observed_at, _read(archive, entry.object_name))

    def body(self, object_name: str) -> bytes:
        """Bytes of one member, whatever its name.

        Raises:
            KeyError: no such member.
            MemberTooLarge: as for `documents`.
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
    """Unpack at most the limit; the size that the zip states is not trusted."""
    with archive.open(object_name) as member:
        body = member.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        msg = f"{object_name[:200]!r} unpacks to more than {MAX_BODY_BYTES} bytes"
        raise MemberTooLarge(msg)
    return body
