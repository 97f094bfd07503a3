"""Selects the documents of a landing zip by date, in the order of observation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from tipoff.sources import route
from tipoff_ops.intake.documents import DOCUMENT_BYTES_MAX, object_names, read_documents

_EASTERN = ZoneInfo("America/New_York")


class MemberTooLarge(ValueError):
    """A member unpacks to more than DOCUMENT_BYTES_MAX."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a landing zip, not yet read.

    Attributes:
        object_name: the name to upload it under.
        observed_at: instant (UTC) in the name.
        game_date: Eastern date in the name; for a schedule, the date of its capture.
        source: the source whose contract parses it, e.g. `nbac_boxscore`.
    """

    object_name: str
    observed_at: datetime
    game_date: date
    source: str


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
        return tuple(name for name in object_names(self.path) if name not in known)

    def select(self, first: date | None = None, last: date | None = None) -> tuple[Entry, ...]:
        """Entries of the Eastern dates `first..last`, both included; None is no limit."""
        return tuple(entry for entry in self.entries if (first or date.min) <= entry.game_date <= (last or date.max))

    def documents(self, first: date | None = None, last: date | None = None) -> Iterator[LandingDocument]:
        """Read the selected entries one after the other, in order of observation.

        Raises:
            MemberTooLarge: a member is larger than the limit; no more than the limit is unpacked.
        """
        selected = {entry.object_name: entry for entry in self.select(first, last)}
        for document in read_documents(self.path, selected.__contains__):
            if len(document.body) > DOCUMENT_BYTES_MAX:
                msg = f"{document.object_name[:200]!r} unpacks to more than {DOCUMENT_BYTES_MAX} bytes"
                raise MemberTooLarge(msg)
            observed_at = selected[document.object_name].observed_at
            yield LandingDocument(document.object_name, observed_at, document.body)

    def _routed(self) -> Iterator[Entry]:
        for name in object_names(self.path):
            found = route(name)
            if found is not None and found.captured_at is not None:
                day = found.day or found.captured_at.astimezone(_EASTERN).date()
                yield Entry(name, found.captured_at, day, found.source)
