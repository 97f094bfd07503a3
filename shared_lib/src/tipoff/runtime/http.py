"""Errors and outcomes of steps as HTTP answers. Workflows branch on the status and the body's code."""

from collections.abc import Mapping

import msgspec

from tipoff.core.errors import (
    BadRequest,
    Conflict,
    Fact,
    NotFound,
    NotReady,
    Permanent,
    QuotaPause,
    RateLimited,
    Retryable,
    TipoffError,
)

OK, ACCEPTED = 200, 202
BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, CONFLICT, TOO_LARGE = 400, 404, 405, 409, 413
UNPROCESSABLE, TOO_MANY, BUG, UNAVAILABLE = 422, 429, 500, 503

# The first match applies, so subclasses come before their bases.
_STATUS: tuple[tuple[type[TipoffError], int], ...] = (
    (BadRequest, BAD_REQUEST),
    (NotFound, NOT_FOUND),
    (Permanent, UNPROCESSABLE),
    (RateLimited, TOO_MANY),
    (QuotaPause, TOO_MANY),
    (Retryable, UNAVAILABLE),
    (NotReady, CONFLICT),
    (Conflict, CONFLICT),
)


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every answer that is not a success."""

    status: str
    code: str
    message: str
    facts: dict[str, Fact]


def status_of(error: TipoffError) -> int:
    """The HTTP status of `error` for a workflow or a person."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def error_body(error: TipoffError) -> ErrorBody:
    """The body of `error`. A missing input always has the code NOT_READY."""
    code = "NOT_READY" if isinstance(error, NotReady) else error.code
    facts: Mapping[str, Fact] = {**error.facts, "cause": error.code}
    return ErrorBody("error", code, error.message, dict(facts))
