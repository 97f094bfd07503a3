"""Calls of a function, with an identity token."""

from collections.abc import Mapping
from typing import Any

import msgspec
import urllib3

from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.project import OPERATOR

TIMEOUT_S = 900.0


class CallFailed(Exception):
    """A function answered with a status other than 2xx; the message contains the body."""


def post(url: str, token: str, body: object) -> dict[str, Any]:
    """POST `body` as JSON with a bearer token and return the JSON answer.

    Raises:
        CallFailed: the status is not 2xx.
    """
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = urllib3.PoolManager().request(
        "POST", url, body=msgspec.json.encode(body), headers=headers, timeout=TIMEOUT_S
    )
    if not 200 <= answer.status < 300:
        raise CallFailed(f"{url}: {answer.status} {answer.data[:500].decode(errors='replace')}")
    found: dict[str, Any] = msgspec.json.decode(answer.data)
    return found


def call_function(mesh: LocalMesh, key: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function of a running mesh as the operator; see `post`."""
    audience = f"{mesh.host.url}/{mesh.names.functions[key].service}"
    return post(f"{audience}{path}", mesh.identity.sign(audience, OPERATOR), body)
