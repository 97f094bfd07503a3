"""Translates Google's exceptions to ours: by `reason`, by gRPC code, by HTTP status.

tests/unit/cloud/google_errors.csv lists the errors with their types, and says what each row was compared with. Message
text decides in three places, where the service gives no reason or status of its own: statements of BigQuery that may
succeed later, statements that would bill too much, and a bucket that is absent where an object was asked for.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions as api
from google.auth import exceptions as auth

from tipoff.core.errors import (
    BackendUnavailable,
    Conflict,
    Misconfigured,
    NotReady,
    QuotaPause,
    RateLimited,
    RequestRefused,
    TipoffError,
)

# Where a reason means something else than the HTTP status that it comes with. The client of BigQuery raises a failed
# job with status 500 if it does not know the reason (google/cloud/bigquery/job/base.py).
_BY_REASON: dict[str, type[TipoffError]] = {
    "attributeError": RequestRefused,
    "badRequest": RequestRefused,
    "billingNotEnabled": Misconfigured,
    "blocked": QuotaPause,
    "bytesBilledLimitExceeded": RequestRefused,
    "conflict": BackendUnavailable,  # Cloud Storage: a concurrent change of the same resource; the call can be retried
    "invalidUser": Misconfigured,
    "jobBackendError": BackendUnavailable,
    "jobInternalError": BackendUnavailable,
    "jobRateLimitExceeded": RateLimited,
    "objectNotSoftDeleted": RequestRefused,
    "orgPolicyConstraintFailed": Misconfigured,
    "quotaExceeded": QuotaPause,
    "rateLimitExceeded": RateLimited,
    "resourceInUse": BackendUnavailable,
    "resourcesExceeded": BackendUnavailable,
    "responseTooLarge": RequestRefused,
    "softDeletePolicyNotSet": RequestRefused,
    "stopped": BackendUnavailable,
    "tableUnavailable": BackendUnavailable,
    "timeout": BackendUnavailable,
    "userRateLimitExceeded": RateLimited,
}

# BigQuery gives these the reason of a wrong statement, and a script reports the error of a statement as its own:
# https://cloud.google.com/bigquery/docs/troubleshoot-queries, https://cloud.google.com/bigquery/docs/error-messages
_TRANSIENT_MESSAGES = (
    "Transaction is aborted due to concurrent update",
    "Could not serialize access to table",
    "Resources exceeded during query execution",
    "Too many DML statements outstanding",
    "would affect rows in the streaming buffer",
)
# `maximum_bytes_billed` of a query: the client raises it as InternalServerError, but the same query fails again.
_TOO_EXPENSIVE = "Query exceeded limit for bytes billed"
# https://cloud.google.com/storage/docs/json_api/v1/status-codes#404-not-found
_NO_BUCKET = "bucket does not exist"

# gRPC codes whose HTTP status (google/rpc/code.proto) says less than they do.
_BY_GRPC_CLASS: tuple[tuple[type[Exception], type[TipoffError]], ...] = (
    (api.Aborted, BackendUnavailable),
    (api.FailedPrecondition, Misconfigured),
    (api.Unauthenticated, Misconfigured),
)

_BY_STATUS: dict[int, type[TipoffError]] = {
    401: BackendUnavailable,  # a token that has just expired is renewed
    403: Misconfigured,
    404: Misconfigured,
    407: Misconfigured,
    408: BackendUnavailable,
    409: Conflict,
    410: BackendUnavailable,  # an upload's session has ended: the next attempt begins another
    412: Conflict,
    429: RateLimited,
    499: BackendUnavailable,
    501: RequestRefused,
}


def translate(error: Exception, what: str, of_object: bool = False) -> TipoffError:
    """Our error for one of Google's.

    Args:
        error: what the client library raised.
        what: names the call for a person.
        of_object: whether the call asked Cloud Storage for one object; its absence is then NotReady.
    """
    return _kind(error, of_object)(_code(error), f"{what}: {error}", {"reason": _reason(error)})


def _kind(error: Exception, of_object: bool) -> type[TipoffError]:
    if not isinstance(error, api.GoogleAPICallError):
        return BackendUnavailable  # a connection, a token or the time ended before the service answered
    if of_object and isinstance(error, api.NotFound) and _NO_BUCKET not in str(error):
        return NotReady
    if _TOO_EXPENSIVE in str(error):
        return RequestRefused
    if any(text in str(error) for text in _TRANSIENT_MESSAGES):
        return BackendUnavailable
    if (by_reason := _BY_REASON.get(_reason(error))) is not None:
        return by_reason
    by_class = next((ours for theirs, ours in _BY_GRPC_CLASS if isinstance(error, theirs)), None)
    return by_class or _of_status(int(error.code or 500))


def _of_status(status: int) -> type[TipoffError]:
    return _BY_STATUS.get(status, RequestRefused if 400 <= status < 500 else BackendUnavailable)


def _reason(error: Exception) -> str:
    errors = getattr(error, "errors", None) or []
    first = errors[0] if errors else None
    return str(first.get("reason", "")) if isinstance(first, dict) else ""


def _code(error: Exception) -> str:
    name = type(error).__name__
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


@contextmanager
def translated(what: str, of_object: bool = False) -> Iterator[None]:
    """Run a call to a Google service; its exceptions leave as ours.

    Raises:
        TipoffError: see `translate`.
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
        raise translate(error, what, of_object) from error
