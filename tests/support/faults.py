"""Fault injection: an HTTP proxy, a TCP proxy for gRPC, and a gRPC interceptor, each driven by data.

They work in front of any server, including local-bigquery. A fault says which requests it hits and how often. The
functions at the end make BigQuery's own refusals.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import grpc
import msgspec

from tipoff_local.errors import ApiError
from tipoff_local.http1 import Client, Disconnected, Request, Response
from tipoff_local.httpd import HttpServer, json_response, listen

type Kind = Literal["status", "delay", "reset", "lost_answer", "truncate", "duplicate", "hang"]

_TIMEOUT_S = 600.0
_CUT = Response(503, cut=True)
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect"})


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault.

    Attributes:
        match: regular expression searched in `METHOD target` (HTTP) or in the method's full name (gRPC).
        times: how many requests it hits, after `skip` requests that it lets pass.
        kind: `status` answers `status` and `body` without asking the server. `delay` waits `seconds` first.
            `reset` closes the connection before the server gets the request. `lost_answer` closes it after the
            server has answered. `truncate` sends the head and `keep_bytes` of the answer's body. `duplicate` sends
            the request twice and returns the second answer. `hang` waits `seconds`, then closes the connection.
    """

    match: str
    kind: Kind
    times: int = 1
    skip: int = 0
    status: int = 503
    body: str = ""
    seconds: float = 0.0
    keep_bytes: int = 0


@dataclass
class Script:
    """The faults that have not happened yet; shared by threads."""

    _waiting: list[tuple[Fault, list[int]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Append faults. If several match a request, the oldest that is not used up hits."""
        with self._lock:
            self._waiting += [(fault, [fault.skip, fault.times]) for fault in faults]

    def clear(self) -> None:
        """Remove all faults that have not happened yet."""
        with self._lock:
            self._waiting.clear()

    def hit(self, call: str) -> Fault | None:
        """The fault that hits this call, if any; one of its times is used up."""
        with self._lock:
            for fault, counts in self._waiting:
                if counts[1] and re.search(fault.match, call):
                    if counts[0]:
                        counts[0] -= 1
                        continue
                    counts[1] -= 1
                    return fault
        return None


class FaultProxy:
    """An HTTP/1.1 proxy to one server that forwards every request unless its script has a fault for it.

    Attributes:
        calls: (METHOD target, kind of fault or None) of every request so far, in order of arrival.
    """

    def __init__(self, target_url: str, port: int = 0) -> None:
        self._target = target_url
        self._http = HttpServer(self._handle, port)
        self._stopping = threading.Event()
        self._local = threading.local()
        self.script = Script()
        self.calls: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        """What to give to the client instead of the server's URL."""
        return self._http.url

    def start(self) -> None:
        """Begin to forward."""
        self._http.start()

    def stop(self) -> None:
        """Close every connection, hanging ones included."""
        self._stopping.set()
        self._http.stop()

    def _handle(self, request: Request) -> Response:
        call = f"{request.method} {request.target}"
        fault = self.script.hit(call)
        self.calls.append((call, fault.kind if fault else None))
        if fault is None:
            return self._forward(request)
        actions: dict[str, Callable[[Request, Fault], Response]] = {
            "status": _refuse, "delay": self._delay, "reset": _reset, "lost_answer": self._lose,
            "truncate": self._truncate, "duplicate": self._duplicate, "hang": self._hang,
        }  # fmt: skip
        return actions[fault.kind](request, fault)

    def _forward(self, request: Request) -> Response:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = Client(self._target, _TIMEOUT_S)
        kept = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
        try:
            answer = client.request(request.method, request.target, kept, request.body)
        except (Disconnected, TimeoutError):
            return _CUT
        headers = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        return Response(answer.status, answer.body, headers)

    def _delay(self, request: Request, fault: Fault) -> Response:
        self._stopping.wait(fault.seconds)
        return self._forward(request)

    def _hang(self, request: Request, fault: Fault) -> Response:
        self._stopping.wait(fault.seconds or _TIMEOUT_S)
        return _CUT

    def _lose(self, request: Request, fault: Fault) -> Response:
        self._forward(request)
        return _CUT

    def _truncate(self, request: Request, fault: Fault) -> Response:
        answer = self._forward(request)
        return Response(answer.status, answer.body, answer.headers, cut=True, keep_bytes=fault.keep_bytes)

    def _duplicate(self, request: Request, fault: Fault) -> Response:
        self._forward(request)
        return self._forward(request)


class TcpProxy:
    """Forwards bytes between clients and one `host:port`; used for gRPC, whose frames it need not parse."""

    def __init__(self, target: str, port: int = 0) -> None:
        host, _, target_port = target.rpartition(":")
        self._target = (host, int(target_port))
        self._listener = listen(port)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._flowing = threading.Event()
        self._flowing.set()

    def start(self) -> None:
        """Begin to forward."""
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._listener.close()
        self.cut()
        self._flowing.set()

    def cut(self) -> None:
        """Close every connection, as a crashed server would; new connections are forwarded."""
        connections, self._open = self._open, []
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def stall(self) -> None:
        """Forward nothing until `flow`, as a network that loses every packet."""
        self._flowing.clear()

    def flow(self) -> None:
        """End `stall`."""
        self._flowing.set()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._forward_bytes, args=(source, sink), daemon=True).start()

    def _forward_bytes(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(65_536):
                self._flowing.wait()
                sink.sendall(data)


class GrpcFaults(grpc.ServerInterceptor):  # type: ignore[misc]
    """Faults inside our own gRPC servers, of the kinds `status` (an HTTP status) and `delay`."""

    def __init__(self) -> None:
        self.script = Script()

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Called by gRPC for each call."""
        fault = self.script.hit(details.method)
        if fault is None:
            return continuation(details)
        time.sleep(fault.seconds)
        if fault.kind == "delay":
            return continuation(details)
        error = ApiError(fault.status, fault.body or "injected fault")

        def abort(message: bytes, context: grpc.ServicerContext) -> None:
            context.abort(error.code, error.message)

        return grpc.unary_unary_rpc_method_handler(abort)


def quota_exceeded(match: str, times: int = 1) -> Fault:
    """403 `quotaExceeded`: too many partition modifications of one table in a day."""
    message = (
        "Quota exceeded: Your table exceeded quota for Number of partition modifications to a column "
        "partitioned table. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas"
    )
    location = "partition_modifications_per_column_partitioned_table.long"
    return _bigquery(match, times, 403, "quotaExceeded", message, location)


def already_exists(match: str, times: int = 1) -> Fault:
    """409 `duplicate`: a job of this id exists."""
    return _bigquery(match, times, 409, "duplicate", "Already Exists: Job", "")


def _bigquery(match: str, times: int, status: int, reason: str, message: str, location: str) -> Fault:
    detail = {"message": message, "domain": "usageLimits", "reason": reason}
    if location:
        detail |= {"location": location, "locationType": "other"}
    error = {"code": status, "message": message, "errors": [detail], "status": ApiError(status, "").code.name}
    body = msgspec.json.encode({"error": error}).decode()
    return Fault(match=match, kind="status", times=times, status=status, body=body)


def _refuse(request: Request, fault: Fault) -> Response:
    if not fault.body:
        return json_response(ApiError(fault.status, "injected fault").body(), fault.status)
    return Response(fault.status, fault.body.encode(), {"Content-Type": "application/json; charset=UTF-8"})


def _reset(request: Request, fault: Fault) -> Response:
    return _CUT
