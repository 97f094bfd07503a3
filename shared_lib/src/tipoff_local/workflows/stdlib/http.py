"""http (docs: Module http; Make an HTTP request). Redirects are not followed; a response may have 2 MB.

A status >= 400 is an HttpError. OIDC tokens are signed for the execution's service account.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from tipoff_local.identity import ACCESS_AUDIENCE
from tipoff_local.workflows.context import CallContext
from tipoff_local.workflows.language.errors import failure, http_failure
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.values import Value, from_json, to_json
from tipoff_local.workflows.stdlib.registry import function

_AGENT = "GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)"
_POOL = urllib3.PoolManager(maxsize=64, retries=False)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    timeout_s: float
    body: Value
    headers: dict[str, Value]
    query: dict[str, Value]
    auth: dict[str, Value]


def _declare(method: str) -> None:
    def send(
        context: CallContext,
        url: str,
        timeout: int | float = LIMITS.http_timeout_seconds,
        body: Value = None,
        headers: dict[str, Value] | None = None,
        query: dict[str, Value] | None = None,
        auth: dict[str, Value] | None = None,
    ) -> Value:
        return _send(context, _Request(method, url, timeout, body, headers or {}, query or {}, auth or {}))

    function(f"http.{method.lower()}", needs_context=True, blocking=True, recorded=True)(send)


for _method in ("DELETE", "GET", "PATCH", "POST", "PUT"):
    _declare(_method)


@function("http.request", needs_context=True, blocking=True, recorded=True)
def request(
    context: CallContext,
    method: str,
    url: str,
    timeout: int | float = LIMITS.http_timeout_seconds,
    body: Value = None,
    headers: dict[str, Value] | None = None,
    query: dict[str, Value] | None = None,
    auth: dict[str, Value] | None = None,
) -> Value:
    """A request with any method."""
    wanted = _Request(method.upper(), url, timeout, body, headers or {}, query or {}, auth or {})
    return _send(context, wanted)


def _send(context: CallContext, wanted: _Request) -> Value:
    if not 0 < wanted.timeout_s <= LIMITS.http_timeout_seconds:
        raise failure("ValueError", f"timeout must lie in 0..{LIMITS.http_timeout_seconds} seconds")
    url = wanted.url + _query(wanted)
    headers, body = _payload(wanted)
    headers |= _authorization(context, wanted)
    code, answered, data = _exchange(lambda: _read(wanted, url, headers, body))
    content = _content(str(answered.get("content-type", "")), data)
    if code >= 400:
        raise http_failure(code, content, answered)
    return {"body": content, "code": code, "headers": answered}


def _query(wanted: _Request) -> str:
    if not wanted.query:
        return ""
    pairs = [(key, _text(v)) for key, value in wanted.query.items() for v in _listed(value)]
    return ("&" if "?" in wanted.url else "?") + urlencode(pairs)


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return to_json(value)
    raise failure("TypeError", "query values and headers must be strings, numbers, booleans or lists of them")


def _payload(wanted: _Request) -> tuple[dict[str, str], bytes | None]:
    headers = {name.lower(): _text(value) for name, value in wanted.headers.items()}
    agent = headers.get("user-agent")
    headers["user-agent"] = f"{agent} {_AGENT}" if agent else _AGENT
    if wanted.body is None:
        return headers, None
    if isinstance(wanted.body, bytes):
        return {"content-type": "application/octet-stream"} | headers, wanted.body
    kind = headers.get("content-type", "")
    if isinstance(wanted.body, str) and kind and "json" not in kind:
        return headers, wanted.body.encode()
    if isinstance(wanted.body, dict) and kind.startswith("application/x-www-form-urlencoded"):
        return headers, urlencode([(key, _text(value)) for key, value in wanted.body.items()]).encode()
    return {"content-type": "application/json; charset=utf-8"} | headers, _json(wanted.body)


def _json(body: Value) -> bytes:
    try:
        return to_json(body).encode()
    except TypeError as error:
        raise failure("TypeError", "the request body holds bytes, which have no JSON form") from error


def _authorization(context: CallContext, wanted: _Request) -> dict[str, str]:
    kind = wanted.auth.get("type")
    if not wanted.auth:
        return {}
    if unknown := wanted.auth.keys() - {"type", "audience", "scope", "scopes"}:
        raise failure("ValueError", f"auth has no key {sorted(unknown)[0]!r}")
    if kind not in ("OIDC", "OAuth2"):
        raise failure("ValueError", f"auth type must be OIDC or OAuth2, not {kind!r}")
    audience = str(wanted.auth.get("audience") or wanted.url) if kind == "OIDC" else ACCESS_AUDIENCE
    if not context.info.service_account:
        raise failure("AuthError", "the workflow has no service account to sign for")
    return {"authorization": f"Bearer {context.services.signer.sign(audience, context.info.service_account)}"}


def _read(
    wanted: _Request, url: str, headers: dict[str, str], body: bytes | None
) -> tuple[int, dict[str, Value], bytes]:
    timeout = urllib3.Timeout(total=wanted.timeout_s)
    response = _POOL.request(
        wanted.method, url, body, headers=headers, timeout=timeout, redirect=False, preload_content=False
    )
    try:
        data = response.read(LIMITS.response_bytes + 1, decode_content=True)
    finally:
        response.release_conn()
    if len(data) > LIMITS.response_bytes:
        response.close()
        raise failure("ResourceLimitError", f"the response is larger than {LIMITS.response_bytes} bytes")
    return response.status, {name.lower(): value for name, value in response.headers.items()}, data


def _exchange(send: Callable[[], tuple[int, dict[str, Value], bytes]]) -> tuple[int, dict[str, Value], bytes]:
    try:
        return send()
    except LocationValueError as error:
        raise failure("ValueError", f"bad URL: {error}") from error
    except (NewConnectionError, ConnectTimeoutError, SSLError) as error:
        raise failure("ConnectionFailedError", str(error)) from error
    except ReadTimeoutError as error:
        raise failure("TimeoutError", str(error)) from error
    except (HTTPError, OSError) as error:
        raise failure("ConnectionError", str(error)) from error


def _content(kind: str, data: bytes) -> Value:
    media = kind.split(";")[0].strip().lower()
    try:
        if media == "application/json" or media.endswith("+json"):
            return from_json(data) if data else None
        if not media or media.startswith("text/") or media in ("application/xml", "application/x-www-form-urlencoded"):
            return data.decode()
    except ValueError:
        return data.decode(errors="replace")  # announced as JSON or text, but is not
    return data
