"""Makes the documents to land from a good answer, with their object names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tipoff.core.collect.model import Answer, Document, SourceRequest
from tipoff.core.contracts.routes import FieldValue
from tipoff.core.game_date import to_utc


def documents(request: SourceRequest, answer: Answer, *, is_backfill: bool = False) -> tuple[Document, ...]:
    """The documents to land from an answer with the verdict `document`.

    Most answers are one document, as received. Some sources make several documents of one answer, or read the instant
    at which it was known from the answer. Their requests carry a function for that.

    Raises:
        ValueError: the answer yields no valid object name.
    """
    if request.template is None:
        return ()
    if request.documents is not None:
        return request.documents(request, answer, is_backfill)
    return (whole_document(request, answer, is_backfill, request.name_fields),)


def whole_document(
    request: SourceRequest, answer: Answer, is_backfill: bool, fields: Mapping[str, FieldValue]
) -> Document:
    """The answer as one document, with these fields in its object name."""
    at, known_by = known_instant(answer, is_backfill)
    return named_document(request, request.identity, fields, answer.body, at, known_by)


def named_document(
    request: SourceRequest, identity: str, fields: Mapping[str, FieldValue], body: bytes, at: datetime, known_by: str
) -> Document:
    """A document named by the request's template.

    Raises:
        ValueError: the template does not allow the fields, or the request has no template.
    """
    if request.template is None:
        raise ValueError(f"the answers of {request.identity} do not land")
    return Document(request.template.object_name(**fields, ts=at), identity, body, at, known_by)


def known_instant(answer: Answer, is_backfill: bool) -> tuple[datetime, str]:
    """The instant at which an answer was known, and the origin of that instant.

    It is the capture, or in a backfill the source's Last-Modified if there is one.
    """
    modified = last_modified(answer)
    if is_backfill and modified is not None:
        return modified, "last_modified"
    return answer.received_at.replace(microsecond=0), "capture"


def last_modified(answer: Answer) -> datetime | None:
    """The Last-Modified header, UTC; None if it is missing, invalid, or later than the answer."""
    try:
        stated = parsedate_to_datetime(answer.headers.get("last-modified", ""))
        at = to_utc(stated if stated.tzinfo else stated.replace(tzinfo=UTC))
    except ValueError:
        return None
    return at if at <= answer.received_at else None
