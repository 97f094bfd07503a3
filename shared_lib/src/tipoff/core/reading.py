"""Reads a document: size and encoding, then the source's parser, then the checks that all sources share."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from tipoff.core.codes import Reason
from tipoff.core.contracts import decoding
from tipoff.core.contracts.results import DocumentRefused, Parsed, accepted, refused
from tipoff.core.contracts.routes import Route
from tipoff.core.source import Source

MAX_AHEAD = timedelta(days=1)
# BigQuery refuses appended rows whose partition is more than ten years (of 365 days) back or more than one ahead:
# https://cloud.google.com/bigquery/docs/write-api#time-unit_column_partitioning
PARTITION_BACK, PARTITION_AHEAD = timedelta(days=3650), timedelta(days=365)
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
            a day later is refused, because a document from the future would remain the newest. So is one with a
            game date that BigQuery would refuse. A document of a row-wise source is about one date.
    """
    try:
        _not_from_the_future(route.captured_at, received_at, Reason.BAD_NAME, "name")
        plain = decoding.document_bytes(body, content_encoding)
        content = source.parse(route, decoding.json_bytes(plain) if source.is_json else plain)
        _not_from_the_future(content.observed_at, received_at, Reason.DATE_MISMATCH, "observed_at")
        if len(content.rejects) > MAX_REJECTS:
            raise DocumentRefused(content.rejects[0].code, f"a document has at most {MAX_REJECTS} bad rows")
        parsed = accepted(content, source.parse_seq)
        _of_storable_dates(parsed.dates, received_at)
    except DocumentRefused as refusal:
        return refused(refusal, source.parse_seq)
    return parsed


def _of_storable_dates(dates: Sequence[date], received_at: datetime | None) -> None:
    if not dates or received_at is None:
        return
    first, last = received_at.date() - PARTITION_BACK, received_at.date() + PARTITION_AHEAD
    outside = next((day for day in (dates[0], dates[-1]) if not first <= day <= last), None)
    if outside is not None:
        rule = f"a game date is at most ten years before the object and one year after it: {first} to {last}"
        raise DocumentRefused(Reason.DATE_OUT_OF_RANGE, rule, "game_date", outside)


def _not_from_the_future(instant: datetime | None, received_at: datetime | None, code: Reason, field: str) -> None:
    if instant is not None and received_at is not None and instant > received_at + MAX_AHEAD:
        raise DocumentRefused(code, "facts are at most one day newer than the object", field, instant)
