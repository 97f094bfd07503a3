"""The router of the function host: finds the function, checks the caller as Cloud Run's IAM does, bounds requests."""

import logging
import secrets
import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tipoff_local.errors import ApiError, not_found
from tipoff_local.host.eventarc import cloud_event
from tipoff_local.host.model import HostConfig, HostedFunction
from tipoff_local.host.usage import InstanceUsage, LogFile, cause_of
from tipoff_local.http1 import Client, Disconnected, Request, Response
from tipoff_local.httpd import HttpServer, json_response
from tipoff_local.iam.access import Caller, Enforced
from tipoff_local.identity import Forbidden, Identity, Unauthenticated, bearer
from tipoff_local.processes import exit_when_closed
from tipoff_local.usage import UsageLog

JWKS_PATH = "/.well-known/jwks.json"
_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "content-length", "expect",
})  # fmt: skip

_CALLER_ADDRESS = "127.0.0.1"

logger = logging.getLogger(__name__)


class Backend:
    """The processes of one function, with one connection (a slot) for each request that a process may run at a time.

    A request goes to the process with the most free slots, over the connection that was used last. As many requests are
    let in as Cloud Run would let in. There are often fewer processes here than instances there; a request that is let
    in waits for a slot, as it would wait for an instance to start.
    """

    def __init__(
        self, function: HostedFunction, ports: Sequence[int], pending_s: float, log_file: LogFile, usage: UsageLog
    ) -> None:
        self.function = function
        slots = range(function.threads)
        self._free = [[Client(f"http://127.0.0.1:{port}", function.timeout_s) for _ in slots] for port in ports]
        self._usage = {id(free): InstanceUsage(function, log_file, usage) for free in self._free}
        self._pending_s = pending_s
        self._let_in = threading.Semaphore(function.requests_max)
        self._slots = threading.Semaphore(function.threads * len(ports))
        self._lock = threading.Lock()

    def deliver(self, request: Request) -> Response:
        """Send the request and return the function's answer.

        Raises:
            ApiError: 429 if it was not let in, 504 after the function's timeout, 503 if its process ended.
        """
        if not self._let_in.acquire(timeout=self._pending_s):
            raise ApiError(429, "The request was aborted because there was no available instance.")
        try:
            return self._run(request)
        finally:
            self._let_in.release()

    def _run(self, request: Request) -> Response:
        if not self._slots.acquire(timeout=self.function.timeout_s):
            raise _timed_out()
        with self._lock:
            process = max(self._free, key=len)
            client = process.pop()
        used = self._usage[id(process)]
        used.begin()
        try:
            answer = client.request(request.method, request.target, request.headers, request.body)
        except TimeoutError as error:
            raise _timed_out() from error
        except Disconnected as error:
            raise ApiError(503, "The connection to the instance had an error.") from error
        finally:
            with self._lock:
                process.append(client)
            used.end(cause_of(request))
            self._slots.release()
        return Response(answer.status, answer.body, _end_to_end(answer.headers))


class Router:
    """The HTTP server in front of all functions, on one port."""

    def __init__(self, config: HostConfig, listener: socket.socket, ports: Mapping[str, Sequence[int]]) -> None:
        self._identity = Identity(Path(config.identity_folder))
        self._access = Enforced(self._identity) if config.enforces else None
        self._server = HttpServer(self.handle, listener=listener)
        usage = UsageLog(Path(config.usage_folder) if config.usage_folder else None, "functions")
        self._backends = {
            f.service: Backend(f, ports[f.name], config.pending_s, LogFile(config.log(f.service)), usage)
            for f in config.functions
        }

    def serve(self, host_pipe: int) -> None:
        """Serve until standard input (the parent) or `host_pipe` (the host's process) closes."""
        self._server.start()
        exit_when_closed(host_pipe)
        exit_when_closed(0)
        threading.Event().wait()

    def handle(self, request: Request) -> Response:
        """Route one request, check its token, and return the function's answer.

        Raises:
            ApiError: no function has this path, or the function did not answer.
        """
        if request.path == JWKS_PATH:
            return json_response(self._identity.jwks())
        parts = request.target.lstrip("/").split("/", 1)
        is_event = parts[0] == "eventarc" and len(parts) == 2
        service = (parts[1] if is_event else parts[0]).partition("?")[0].strip("/")
        backend = self._backends.get(service)
        if backend is None:
            raise not_found(f"The requested URL {request.path} was not found on this server.")
        refusal = self._refusal(request, backend.function)
        if refusal is not None:
            return refusal
        inner = cloud_event(request) if is_event else request
        return backend.deliver(_as_received(inner, _inner_target(request.target, is_event=is_event)))

    def _refusal(self, request: Request, function: HostedFunction) -> Response | None:
        token = bearer(request.headers.get("authorization"))
        if token is None:
            return _denied(403, "Your client does not have permission to get URL from this server.")
        try:
            email = self._identity.verify(token, function.audiences(self._server.url))
            self._check(email, function)
        except Unauthenticated as error:
            logger.warning("401 for %s: %s", function.service, error)
            return _denied(401, str(error), {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        except Forbidden as error:
            logger.warning("403 for %s: %s", function.service, error)
            return _denied(403, str(error))
        return None

    def _check(self, email: str, function: HostedFunction) -> None:
        """Check that an account may call a function.

        Raises:
            Forbidden: it may not.
        """
        if self._access is None:
            if email not in function.invokers:
                raise Forbidden(f"{email} lacks roles/run.invoker")
            return
        kind = "serviceAccount" if email.endswith(".gserviceaccount.com") else "user"
        try:
            self._access.check(Caller(f"{kind}:{email}"), "run.invoke", {"service": function.service})
        except ApiError as error:
            raise Forbidden(f"{email} lacks roles/run.invoker: {error.message}") from error


def _timed_out() -> ApiError:
    return ApiError(504, "The request has been terminated: maximum request timeout.")


def _inner_target(target: str, *, is_event: bool) -> str:
    """The path that the function sees: what follows the service name, or `/` for an event."""
    if is_event:
        return "/"
    path, question, query = target.partition("?")
    _, _, rest = path.lstrip("/").partition("/")
    return f"/{rest}{question}{query}"


def _as_received(request: Request, target: str) -> Request:
    """The request as Cloud Run passes it on: without hop-by-hop headers, and without the signature of its token.

    Each request has a trace (https://cloud.google.com/run/docs/trace) and the addresses that it came from.
    """
    headers = _end_to_end(request.headers)
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    if "traceparent" not in headers and "x-cloud-trace-context" not in headers:
        headers["traceparent"] = f"00-{trace}-{span}-00"
        headers["x-cloud-trace-context"] = f"{trace}/{int(span, 16)};o=0"
    headers["x-forwarded-for"] = ",".join(filter(None, (headers.get("x-forwarded-for"), _CALLER_ADDRESS)))
    token = headers.get("authorization", "")
    headers["authorization"] = token.rpartition(".")[0] + ".SIGNATURE_REMOVED_BY_GOOGLE"
    headers["x-forwarded-proto"] = "https"
    return Request(request.method, target, headers, request.body)


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _HOP_BY_HOP}


def _denied(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    refusal = json_response(ApiError(status, message).body(), status)
    return Response(status, refusal.body, {**refusal.headers, **(headers or {})})
