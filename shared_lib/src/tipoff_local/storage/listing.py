"""Lists objects by prefix, delimiter, offsets, versions and pages, as objects.list documents it."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tipoff_local.errors import invalid
from tipoff_local.storage.model import Stored
from tipoff_local.storage.store import LAST, Position, Store

_MAX_RESULTS = 1000


@dataclass
class _Page:
    """The content of one answer; objects and prefixes both count towards the limit."""

    limit: int
    items: list[Stored] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: Position = ("", 0)

    @property
    def room(self) -> int:
        return self.limit - len(self.items) - len(self.prefixes)


def list_objects(store: Store, bucket: str, query: Mapping[str, str], base_url: str) -> dict[str, Any]:
    """The answer of objects.list; `nextPageToken` only if more follows."""
    page = _Page(_limit(query.get("maxResults")))
    more = False
    for entry in _entries(store, bucket, query):
        if not page.room:
            more = True
            break
        if isinstance(entry, str):
            page.prefixes.append(entry)
            page.last = (entry + LAST, 0)
        else:
            page.items.append(entry)
            page.last = (entry.name, entry.generation)
    return _answer(page, more, base_url)


def _answer(page: _Page, more: bool, base_url: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"kind": "storage#objects"}
    if page.items:
        answer["items"] = [stored.resource(base_url) for stored in page.items]
    if page.prefixes:
        answer["prefixes"] = page.prefixes
    if more:
        answer["nextPageToken"] = _token(page.last)
    return answer


def _entries(store: Store, bucket: str, query: Mapping[str, str]) -> Iterator[Stored | str]:
    """Objects and common prefixes in order. The objects of a common prefix are skipped without reading them."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = _position(query.get("pageToken"))
    while True:
        found = store.listing(
            bucket, start=query.get("startOffset", ""), end=query.get("endOffset", ""), prefix=prefix,
            versions=query.get("versions", "").lower() == "true", after=after, limit=_MAX_RESULTS + 1,
        )  # fmt: skip
        for stored in found:
            after = (stored.name, stored.generation)
            common = _common_prefix(stored.name, prefix, delimiter)
            if common is not None:
                yield common
                after = (common + LAST, 0)
                break
            yield stored
        else:
            if len(found) <= _MAX_RESULTS:
                return


def _common_prefix(name: str, prefix: str, delimiter: str) -> str | None:
    if not delimiter:
        return None
    at = name.find(delimiter, len(prefix))
    return None if at < 0 else name[: at + len(delimiter)]


def _limit(text: str | None) -> int:
    if text is None:
        return _MAX_RESULTS
    if not text.isdigit() or int(text) < 1:
        raise invalid(f"Invalid maxResults: {text!r}")
    return min(int(text), _MAX_RESULTS)


def _token(position: Position) -> str:
    return base64.urlsafe_b64encode(f"{position[1]}/{position[0]}".encode()).decode()


def _position(token: str | None) -> Position:
    if not token:
        return ("", 0)
    try:
        generation, _, name = base64.urlsafe_b64decode(token).decode().partition("/")
        return (name, int(generation))
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid pageToken") from error
