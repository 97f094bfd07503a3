"""Google's exceptions become ours here, by class and `reason`, never by message text."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions as api
from google.auth import exceptions as auth

from tipoff.core.errors import (
    BackendUnavailable,
    BadRequest,
    Conflict,
    ContractViolation,
    NotReady,
    QuotaPause,
    RateLimited,
    TipoffError,
)

_BY_REASON: dict[str, type[TipoffError]] = {
    "quotaExceeded": QuotaPause,
    "rateLimitExceeded": RateLimited,
    "jobRateLimitExceeded": RateLimited,
    "backendError": BackendUnavailable,
    "internalError": BackendUnavailable,
    "duplicate": Conflict,
}

# First match wins: subclasses stand before their bases.
_BY_CLASS: tuple[tuple[type[Exception], type[TipoffError]], ...] = (
    (api.TooManyRequests, RateLimited),
    (api.ServerError, BackendUnavailable),
    (api.RetryError, BackendUnavailable),
    (api.Unauthorized, BackendUnavailable),
    (api.Aborted, BackendUnavailable),
    (api.AlreadyExists, Conflict),
    (api.PreconditionFailed, Conflict),
    (api.Conflict, Conflict),
    (api.NotFound, NotReady),
    (api.Forbidden, BadRequest),
    (api.ClientError, ContractViolation),
    (api.GoogleAPICallError, BackendUnavailable),
    (auth.GoogleAuthError, BackendUnavailable),
    (ConnectionError, BackendUnavailable),
    (TimeoutError, BackendUnavailable),
)


def _reason(error: Exception) -> str:
    errors = getattr(error, "errors", None) or []
    first = errors[0] if errors else None
    return str(first.get("reason", "")) if isinstance(first, dict) else ""


def translate(error: Exception, what: str) -> TipoffError:
    """Our error for one of Google's; `what` names the call for a person."""
    kind = _BY_REASON.get(_reason(error)) or next(
        (ours for theirs, ours in _BY_CLASS if isinstance(error, theirs)), BackendUnavailable
    )
    return kind(_code(error), f"{what}: {error}", {"reason": _reason(error)})


def _code(error: Exception) -> str:
    name = type(error).__name__
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Run a call to a Google service; its exceptions leave as ours.

    Raises:
        TipoffError: the leaf that fits the class and reason of what the service answered.
    """
    try:
        yield
    except (
        api.GoogleAPICallError,
        api.RetryError,
        auth.GoogleAuthError,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise translate(error, what) from error
