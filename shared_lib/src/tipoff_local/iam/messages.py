"""The resources that a request message names, as methods.yaml says for its method."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from tipoff_local.iam.access import Access, Caller
from tipoff_local.iam.policy import methods


def check_message(access: Access, caller: Caller, method: str, message: Any) -> None:
    """Check a call whose request is a message.

    Raises:
        ApiError: 403, the caller lacks a permission.
    """
    access.check(caller, method, {kind: _short(kind, read(message)) for kind, read in _fields(method).items()})


@cache
def _fields(method: str) -> dict[str, Callable[[Any], Any]]:
    known = methods().get(method)
    return {need.resource: attrgetter(need.field) for need in known.needs if need.field} if known else {}


def _short(kind: str, name: str) -> str:
    """The project of a full resource name, or the last part of the name."""
    parts = name.split("/")
    return parts[1] if kind == "project" and len(parts) > 1 else parts[-1]
