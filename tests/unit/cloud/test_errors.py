"""Every exception of the Google clients becomes one error type, by class and reason (docs/pitfalls.md#42)."""

import pytest
from google.api_core import exceptions as api

from tipoff.cloud.errors import translate, translated
from tipoff.core.errors import (
    BackendUnavailable,
    Conflict,
    ContractViolation,
    NotReady,
    Permanent,
    QuotaPause,
    RateLimited,
    Retryable,
    TipoffError,
)


def google_classes() -> list[type[api.GoogleAPICallError]]:
    found = [kind for kind in vars(api).values() if isinstance(kind, type) and issubclass(kind, api.GoogleAPICallError)]
    return sorted(set(found), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", google_classes(), ids=lambda k: k.__name__)
def test_each_google_error_has_exactly_one_policy(kind: type[api.GoogleAPICallError]) -> None:
    ours = translate(kind("said so"), "a call")
    assert isinstance(ours, (Permanent, Retryable, NotReady, Conflict))
    assert type(ours) is not TipoffError


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (api.Forbidden("no", errors=[{"reason": "quotaExceeded"}]), QuotaPause),
        (api.Forbidden("no", errors=[{"reason": "rateLimitExceeded"}]), RateLimited),
        (api.Conflict("no", errors=[{"reason": "duplicate"}]), Conflict),
        (api.BadRequest("no", errors=[{"reason": "invalidQuery"}]), ContractViolation),
        (api.ServiceUnavailable("no"), BackendUnavailable),
        (api.TooManyRequests("no"), RateLimited),
        (api.NotFound("no"), NotReady),
        (api.PreconditionFailed("no"), Conflict),
        (ConnectionResetError("no"), BackendUnavailable),
    ],
)
def test_the_reason_decides_before_the_class(error: Exception, wanted: type[TipoffError]) -> None:
    """A used-up quota is a pause, not a permission problem and not a reason to hammer (docs/pitfalls.md#48)."""
    assert type(translate(error, "a call")) is wanted


def test_other_exceptions_are_not_translated() -> None:
    with pytest.raises(KeyError), translated("a call"):
        raise KeyError("a bug")
