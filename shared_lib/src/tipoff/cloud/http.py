"""The only HTTP client for the sources: GET over one pool of connections, with time-outs and a limit on the body.

Only this module adds a key to a request. No error, log line or stored URL contains it. A local cloud never reaches a
real source: requests go to the emulator at `sources_emulator_host`, with the source's host as the first part of the
path, or are refused.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import DecodeError, HTTPError, IncompleteRead, ProtocolError

from tipoff.core.collect.model import Answer, SourceRequest
from tipoff.core.errors import BackendUnavailable, ConfigInvalid, ContractViolation

BODY_BYTES_MAX = 32 * 1024 * 1024
CONNECT_S, READ_S = 10.0, 60.0

# At DEBUG, urllib3 logs whole URLs with keys.
logging.getLogger("urllib3").setLevel(logging.INFO)


class SourceEndpoints(Protocol):
    """The address of the sources: the internet, or a local emulator."""

    @property
    def storage_emulator_host(self) -> str | None:
        """Set only in a local cloud."""
        ...

    @property
    def sources_emulator_host(self) -> str | None:
        """URL of an emulator of all sources; None for the real sources."""
        ...


@dataclass(frozen=True)
class Validators:
    """Validators of the last document. With them, a source need not send an unchanged document again."""

    etag: str | None = None
    last_modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a conditional request."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


def is_reachable(at: SourceEndpoints) -> bool:
    """False in a local cloud without an emulator of the sources."""
    return at.storage_emulator_host is None or at.sources_emulator_host is not None


class SourceClient:
    """Sends requests to sources, one attempt at a time.

    Args:
        at: the address of the sources.
        keys: by the name of `SourceRequest.key`.
        user_agent: value of the header User-Agent.
        clock: the instant at which an answer was received.
    """

    def __init__(self, at: SourceEndpoints, keys: Mapping[str, str], user_agent: str, clock: "Clock") -> None:
        if not is_reachable(at):
            raise ConfigInvalid("no_sources", "a local cloud needs an emulator of the sources")
        self._stand_in = at.sources_emulator_host
        self._keys = keys
        self._user_agent = user_agent
        self._clock = clock
        self._pool = urllib3.PoolManager(
            num_pools=8, timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S), retries=False
        )

    def get(self, request: SourceRequest, validators: Validators) -> Answer:
        """One attempt, redirects not followed.

        Raises:
            BackendUnavailable: no answer (`no_answer`) or an incomplete one (`truncated_body`).
            ContractViolation: `too_large`.
        """
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip", **dict(request.headers)}
        headers |= validators.headers | self._key_headers(request)
        try:
            with self._pool.request(
                "GET", self._url(request), headers=headers, redirect=False, preload_content=False, decode_content=True
            ) as response:
                body = _bounded(response, request)
                received = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, received, body, self._clock())
        except (IncompleteRead, DecodeError, ProtocolError) as error:
            # `from None`: these errors may quote the URL, and with it the key.
            raise BackendUnavailable("truncated_body", f"{_place(request)}: {type(error).__name__}") from None
        except (HTTPError, OSError) as error:
            raise BackendUnavailable("no_answer", f"{_place(request)}: {type(error).__name__}") from None

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _url(self, request: SourceRequest) -> str:
        host = request.host.name
        base = f"{self._stand_in}/{host}" if self._stand_in else f"https://{host}"
        params = [*request.params]
        if request.key is not None and request.key.query_parameter:
            params.append((request.key.query_parameter, self._keys[request.key.name]))
        return f"{base}{request.path}" + (f"?{urlencode(params, safe=',')}" if params else "")

    def _key_headers(self, request: SourceRequest) -> dict[str, str]:
        key = request.key
        return {key.header: self._keys[key.name]} if key is not None and key.header else {}


class Clock(Protocol):
    """The present instant."""

    def __call__(self) -> datetime:
        """UTC."""
        ...


def _bounded(response: urllib3.BaseHTTPResponse, request: SourceRequest) -> bytes:
    body = response.read(BODY_BYTES_MAX + 1, decode_content=True)
    if len(body) > BODY_BYTES_MAX:
        raise ContractViolation("too_large", f"{_place(request)}: more than {BODY_BYTES_MAX} bytes")
    return body


def _place(request: SourceRequest) -> str:
    """Host and path of a request, for error messages. Parameters may contain keys."""
    return f"{request.host.name}{request.path}"
