"""Retry policies and predicates (docs: Retry steps; Modules http, retry)."""

from collections.abc import Callable

from tipoff_local.workflows.language.errors import WorkflowError
from tipoff_local.workflows.language.values import FunctionRef, Value

# status codes and tags that each predicate retries
_IDEMPOTENT = ({429, 502, 503, 504}, {"ConnectionError", "ConnectionFailedError", "TimeoutError"})
_NON_IDEMPOTENT = ({429, 503}, {"ConnectionFailedError"})
_BACKOFF: dict[str, Value] = {"initial_delay": 1.0, "max_delay": 60.0, "multiplier": 1.25}


def _retries(codes: set[int], tags: set[str]) -> Callable[[WorkflowError], bool]:
    def predicate(error: WorkflowError) -> bool:
        if "HttpError" in error.tags and isinstance(error.payload, dict):
            return error.payload.get("code") in codes
        return any(tag in tags for tag in error.tags)

    return predicate


PREDICATES: dict[str, Callable[[WorkflowError], bool]] = {
    "http.default_retry_predicate": _retries(*_IDEMPOTENT),
    "http.default_retry_predicate_non_idempotent": _retries(*_NON_IDEMPOTENT),
    "retry.always": lambda _: True,
    "retry.never": lambda _: False,
}


def _policy(predicate: str) -> Value:
    return {"predicate": FunctionRef(predicate), "max_retries": 5, "backoff": _BACKOFF}


# The values of names that are written without parentheses.
FUNCTION_VALUES: dict[str, Value] = {
    **{name: FunctionRef(name) for name in PREDICATES},
    "http.default_retry": _policy("http.default_retry_predicate"),
    "http.default_retry_non_idempotent": _policy("http.default_retry_predicate_non_idempotent"),
    "retry.default_backoff": _BACKOFF,
}
