"""A threaded HTTP/1.1 server: one handler from Request to Response, one thread per connection."""

import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

import msgspec

from tipoff_local.errors import ApiError
from tipoff_local.http1 import BadMessage, Request, Response, read_body, read_head, render

INSTANCE_PATH = "/.well-known/tipoff-local"
HANDLERS_END_S = 1.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

type Handler = Callable[[Request], Response]


class PortTaken(Exception):
    """Another process already uses the port."""


class HttpServer:
    """Serves `handler` on 127.0.0.1.

    An ApiError of the handler becomes Google's JSON error. `GET /.well-known/tipoff-local` answers `instance`, a
    random token of this server, so that a caller can check which server it has reached.

    Args:
        port: 0 lets the system choose.

    Raises:
        PortTaken: another process already uses the port.
    """

    def __init__(self, handler: Handler, port: int = 0, listener: socket.socket | None = None) -> None:
        self._handler = handler
        self._listener = listener or listen(port)
        self.port: int = self._listener.getsockname()[1]
        self.instance = uuid.uuid4().hex
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = False

    @property
    def url(self) -> str:
        """Base URL without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to accept connections, in the background."""
        threading.Thread(target=self._accept, name=f"http-{self.port}", daemon=True).start()

    def stop(self) -> None:
        """Close the port and every connection; requests in progress get no answer.

        Handlers in progress get one second to end before their caller closes what they use.
        """
        self._stopping = True
        _shut(self._listener)
        with self._lock:
            serving = dict(self._open)
        for connection in serving:
            _shut(connection)
        deadline_s = time.monotonic() + HANDLERS_END_S
        for thread in serving.values():
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline_s - time.monotonic()))

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # stop() closed the port
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open[connection] = threading.current_thread()
        try:
            with connection, connection.makefile("rb") as stream:
                while not self._stopping and self._exchange(connection, stream):
                    pass
        except (OSError, BadMessage):
            pass  # the peer has closed the connection or does not speak HTTP, so it cannot be answered
        finally:
            with self._lock:
                del self._open[connection]

    def _exchange(self, connection: socket.socket, stream: BinaryIO) -> bool:
        start = read_head(stream)
        if start is None:
            return False
        words = start[0].split(" ")
        if len(words) != 3:
            raise BadMessage("malformed request line")
        headers = start[1]
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = Request(words[0], words[1], headers, read_body(stream, headers))
        response = self._answer(request)
        message = render(response, head_only=request.method == "HEAD")
        if response.cut:
            kept = response.keep_bytes
            _reset(connection, b"" if kept is None else message[: len(message) - len(response.body) + kept])
            return False
        connection.sendall(message)
        return headers.get("connection", "").lower() != "close" and words[2] == "HTTP/1.1"

    def _answer(self, request: Request) -> Response:
        if request.target == INSTANCE_PATH:
            return json_response({"instance": self.instance})
        try:
            return self._handler(request)
        except ApiError as error:
            return json_response(error.body(), error.status)


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    Raises:
        PortTaken: another process already uses the port.
    """
    try:
        return socket.create_server(("127.0.0.1", port), backlog=512)
    except OSError as error:
        raise PortTaken(f"port {port} of 127.0.0.1 is taken: {error.strerror}") from error


def json_response(content: object, status: int = 200) -> Response:
    """A JSON response with Google's content type."""
    return Response(status, msgspec.json.encode(content), {"Content-Type": "application/json; charset=UTF-8"})


def _reset(connection: socket.socket, prefix: bytes) -> None:
    # A linger time of zero makes close() send RST, as the kernel does for a crashed server. RST would also discard
    # bytes that were sent, so a truncated response is closed normally.
    connection.sendall(prefix)
    if not prefix:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # not connected: a listener on macOS, or the peer has closed first
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
