"""Reads a document: size and encoding, then the source's parser, then the checks that all sources share."""

from datetime import datetime, timedelta

from tipoff.core.codes import Reason
from tipoff.core.contracts import decoding
from tipoff.core.contracts.results import DocumentRefused, Parsed, accepted, refused
from tipoff.core.contracts.routes import Route
from tipoff.core.source import Source

MAX_AHEAD = timedelta(days=1)
MAX_REJECTS = 2_000  # a document with more rejected rows is refused as a whole


def read_document(
    source: Source, route: Route, body: bytes, content_encoding: str | None, received_at: datetime | None
) -> Parsed:
    """Read one document of a source. No content of a document makes it raise.

    Args:
        source: the source of the document.
        route: the route of its name.
        body: its stored bytes.
        content_encoding: the object's Content-Encoding, if any.
        received_at: instant (UTC) at which the object was stored; None skips the check. A document dated more than
            a day later is refused, because a document from the future would remain the newest.
    """
    try:
        _not_from_the_future(route.captured_at, received_at, Reason.BAD_NAME, "name")
        plain = decoding.document_bytes(body, content_encoding)
        content = source.parse(route, decoding.json_bytes(plain) if source.is_json else plain)
        _not_from_the_future(content.observed_at, received_at, Reason.DATE_MISMATCH, "observed_at")
        if len(content.rejects) > MAX_REJECTS:
            raise DocumentRefused(content.rejects[0].code, f"a document has at most {MAX_REJECTS} bad rows")
    except DocumentRefused as refusal:
        return refused(refusal, source.parse_seq)
    return accepted(content, source.parse_seq)


def _not_from_the_future(instant: datetime | None, received_at: datetime | None, code: Reason, field: str) -> None:
    if instant is not None and received_at is not None and instant > received_at + MAX_AHEAD:
        raise DocumentRefused(code, "facts are at most one day newer than the object", field, instant)
