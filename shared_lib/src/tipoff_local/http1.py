"""HTTP/1.1 messages on sockets, and a keep-alive client.

Bodies are whole byte strings, framed by Content-Length or chunked, with a maximum size. Header names are lower case;
repeated headers are joined by a comma (RFC 9110, 5.3). The standard library's parser takes more time than the rest of
an upload, so this module has its own.
"""

import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import parse_qsl, urlsplit

MAX_LINE = 65_536
MAX_HEADERS = 200
MAX_BODY = 512 * 1024 * 1024
_BODILESS = (204, 304)
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class BadMessage(Exception):
    """The message is not HTTP/1.1 or too large; the connection cannot be used any more."""


class Disconnected(Exception):
    """The peer closed the connection, or the connection could not be made."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as received. `target` is undecoded; `headers` has lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def base_url(self) -> str:
        """The base URL that the caller used, which may be that of a proxy."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def query(self) -> dict[str, str]:
        """The decoded query; for a repeated parameter, its last value."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    """A response.

    Attributes:
        cut: for fault injection: the server resets the connection instead of answering.
        keep_bytes: with `cut`: the server first sends the head and this many bytes of the body.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    keep_bytes: int | None = None


def read_head(stream: BinaryIO) -> tuple[str, dict[str, str]] | None:
    """The first line and the headers; None if the peer has closed the connection."""
    first = stream.readline(MAX_LINE)
    if not first:
        return None
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE)
        if line in (b"\r\n", b"\n"):
            return first.decode("latin-1").rstrip("\r\n"), headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not line.endswith(b"\n"):
            raise BadMessage("malformed header")
        key = name.strip().lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    raise BadMessage("too many headers")


def read_body(stream: BinaryIO, headers: Mapping[str, str], *, until_close: bool = False) -> bytes:
    """The body that the headers announce.

    Args:
        until_close: read a response without a length to the end of the connection.
    """
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _read_chunks(stream)
    length = headers.get("content-length")
    if length is None:
        return stream.read(MAX_BODY) if until_close else b""
    if not length.isdigit() or int(length) > MAX_BODY:
        raise BadMessage("bad Content-Length")
    return _read_exactly(stream, int(length))


def head(first: str, headers: Mapping[str, str], length: int | None) -> bytes:
    """First line and headers as bytes; Content-Length is added unless `length` is None."""
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def render(response: Response, *, head_only: bool) -> bytes:
    """The bytes of a response."""
    first = f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Status')}"
    bodiless = response.status in _BODILESS
    start = head(first, response.headers, None if bodiless else len(response.body))
    return start if head_only or bodiless else start + response.body


class Client:
    """A keep-alive connection to one http:// origin. Only one thread may use it at a time."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"not an http:// URL: {url}")
        self._address = (parts.hostname, parts.port or 80)
        self._host = parts.netloc
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._stream: BinaryIO | None = None

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send a request and return the response.

        If the server has closed the connection since the last request, a new one is opened before anything is sent.
        A request that may have been carried out is never repeated.

        Raises:
            TimeoutError: no complete response came in time.
            Disconnected: the connection ended before the response was complete.
        """
        named = headers if "host" in headers else {"Host": self._host, **headers}
        message = head(f"{method} {target} HTTP/1.1", named, len(body)) + body
        if self._socket is not None and _is_readable(self._socket):
            self.close()
        try:
            connection, stream = self._connected()
            connection.sendall(message)
            return self._read(stream, method)
        except TimeoutError:
            self.close()
            raise
        except (OSError, BadMessage) as error:
            self.close()
            raise Disconnected(str(error)) from error

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        for part in (self._stream, self._socket):
            if part is not None:
                part.close()
        self._socket = self._stream = None

    def _connected(self) -> tuple[socket.socket, BinaryIO]:
        if self._socket is None or self._stream is None:
            self._socket = socket.create_connection(self._address, self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._stream = self._socket.makefile("rb")
        return self._socket, self._stream

    def _read(self, stream: BinaryIO, method: str) -> Response:
        start = read_head(stream)
        while start is not None and start[0].split(" ", 2)[1] == "100":
            start = read_head(stream)
        if start is None:
            raise BadMessage("connection closed before an answer")
        status, headers = int(start[0].split(" ", 2)[1]), start[1]
        framed = "content-length" in headers or "transfer-encoding" in headers
        bodiless = method == "HEAD" or status in _BODILESS
        body = b"" if bodiless else read_body(stream, headers, until_close=not framed)
        if headers.get("connection", "").lower() == "close" or not (framed or bodiless):
            self.close()
        return Response(status, body, headers)


def _read_exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise BadMessage("body ended early")
    return data


def _read_chunks(stream: BinaryIO) -> bytes:
    parts: list[bytes] = []
    total = 0
    while size := _chunk_size(stream.readline(MAX_LINE)):
        total += size
        if total > MAX_BODY:
            raise BadMessage("body too large")
        parts.append(_read_exactly(stream, size))
        stream.readline(MAX_LINE)
    while stream.readline(MAX_LINE) not in (b"\r\n", b"\n", b""):
        pass  # trailers are not used
    return b"".join(parts)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError as error:
        raise BadMessage("bad chunk size") from error


def _is_readable(connection: socket.socket) -> bool:
    """Whether an idle connection was closed by the peer, or has unexpected data.

    Uses poll: select accepts no descriptor above 1,023.
    """
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return bool(poller.poll(0))
