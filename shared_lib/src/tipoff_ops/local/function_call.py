"""Calls of a function of a running mesh with the operator's identity token."""

from collections.abc import Mapping
from typing import Any

import msgspec
import urllib3

from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.project import OPERATOR

TIMEOUT_S = 900.0
OK = 200


class CallFailed(Exception):
    """A function answered with a status other than 2xx; the message contains the body."""


def call_function(mesh: LocalMesh, key: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """POST `body` to a function by its mesh key and return its JSON answer.

    Raises:
        CallFailed: the status is not 2xx.
    """
    function = mesh.names.functions[key]
    audience = f"{mesh.host.url}/{function.service}"
    token = mesh.identity.sign(audience, OPERATOR)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = urllib3.PoolManager().request(
        "POST", f"{audience}{path}", body=msgspec.json.encode(body), headers=headers, timeout=TIMEOUT_S
    )
    if not OK <= answer.status < OK + 100:
        raise CallFailed(f"{key}{path}: {answer.status} {answer.data[:500]!r}")
    found: dict[str, Any] = msgspec.json.decode(answer.data)
    return found
