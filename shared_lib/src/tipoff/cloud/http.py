"""The one way out to the sources: GET over one pool of connections, bounded, with time-outs, our keys out of sight.

A key is put into the request here and nowhere else, and no error, log line or stored URL holds it. In a local cloud
nothing outside is ever reached: requests go to the stand-in that `sources_emulator_host` names, the source's host
as the first part of the path, or are refused.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import DecodeError, HTTPError, IncompleteRead, ProtocolError

from tipoff.core.collect.model import Answer, Ask
from tipoff.core.collect.sources import BALLDONTLIE_KEY, ODDS_KEY
from tipoff.core.errors import BackendUnavailable, ConfigInvalid, ContractViolation

BODY_BYTES_MAX = 32 * 1024 * 1024
CONNECT_S, READ_S = 10.0, 60.0

# urllib3 writes whole URLs at DEBUG, keys included.
logging.getLogger("urllib3").setLevel(logging.INFO)


class SourceEndpoints(Protocol):
    """Where the sources are: outside, or a local stand-in."""

    @property
    def storage_emulator_host(self) -> str | None:
        """Set in a local cloud."""
        ...

    @property
    def sources_emulator_host(self) -> str | None:
        """URL of a stand-in for all sources; None for the sources themselves."""
        ...


@dataclass(frozen=True)
class Validators:
    """What a source said of the document we hold: sent back, so that an unchanged one is not sent again."""

    etag: str | None = None
    last_modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The conditional headers."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


def is_reachable(at: SourceEndpoints) -> bool:
    """False in a local cloud without a stand-in for the sources."""
    return at.storage_emulator_host is None or at.sources_emulator_host is not None


class SourceClient:
    """Asks sources, one attempt at a time.

    Args:
        at: a local stand-in, or the sources themselves.
        keys: by the name in `Ask.secret`.
        user_agent: who we are.
        clock: stamps answers.
    """

    def __init__(self, at: SourceEndpoints, keys: Mapping[str, str], user_agent: str, clock: "Clock") -> None:
        if not is_reachable(at):
            raise ConfigInvalid("no_sources", "a local cloud reaches no source outside; give it a stand-in")
        self._stand_in = at.sources_emulator_host
        self._keys = keys
        self._user_agent = user_agent
        self._clock = clock
        self._pool = urllib3.PoolManager(
            num_pools=8, timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S), retries=False
        )

    def get(self, ask: Ask, validators: Validators) -> Answer:
        """One attempt, redirects not followed.

        Raises:
            BackendUnavailable: no answer (`no_answer`) or a broken off one (`truncated_body`).
            ContractViolation: `too_large`.
        """
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip", **dict(ask.headers)}
        headers |= validators.headers | self._authorization(ask)
        try:
            with self._pool.request(
                "GET", self._url(ask), headers=headers, redirect=False, preload_content=False, decode_content=True
            ) as response:
                body = _bounded(response, ask)
                received = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, received, body, self._clock())
        except (IncompleteRead, DecodeError, ProtocolError) as error:
            # `from None`: what these errors quote may hold the URL, and with it the key.
            raise BackendUnavailable("truncated_body", f"{_told(ask)}: {type(error).__name__}") from None
        except (HTTPError, OSError) as error:
            raise BackendUnavailable("no_answer", f"{_told(ask)}: {type(error).__name__}") from None

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _url(self, ask: Ask) -> str:
        base = f"{self._stand_in}/{ask.host}" if self._stand_in else f"https://{ask.host}"
        params = [*ask.params]
        if ask.secret == ODDS_KEY:
            params.append(("apiKey", self._keys[ODDS_KEY]))
        return f"{base}{ask.path}" + (f"?{urlencode(params, safe=',')}" if params else "")

    def _authorization(self, ask: Ask) -> dict[str, str]:
        return {"Authorization": self._keys[BALLDONTLIE_KEY]} if ask.secret == BALLDONTLIE_KEY else {}


class Clock(Protocol):
    """The present instant."""

    def __call__(self) -> datetime:
        """UTC."""
        ...


def _bounded(response: urllib3.BaseHTTPResponse, ask: Ask) -> bytes:
    body = response.read(BODY_BYTES_MAX + 1, decode_content=True)
    if len(body) > BODY_BYTES_MAX:
        raise ContractViolation("too_large", f"{_told(ask)}: more than {BODY_BYTES_MAX} bytes")
    return body


def _told(ask: Ask) -> str:
    """A request for a person: host and path; parameters may hold keys."""
    return f"{ask.host}{ask.path}"
