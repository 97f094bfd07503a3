"""A recorded-source server: documents under `/<host>/<path>`, scripted faults, and what it was asked."""

import gzip
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer

CDN, STATS, ODDS = "cdn.nba.com", "stats.nba.com", "api.the-odds-api.com"
OFFICIAL, REPORTS, BALLDONTLIE = "official.nba.com", "ak-static.cms.nba.com", "api.balldontlie.io"
ACCESS_DENIED = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Reply:
    """One scripted answer; `zipped` sends it as the CDN does."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    keep_bytes: int | None = None
    zipped: bool = True

    def response(self) -> Response:
        body, headers = self.body, JSON | self.headers
        if self.zipped and self.status == 200:
            body, headers = gzip.compress(body, mtime=0), headers | {"Content-Encoding": "gzip"}
        return Response(self.status, body, headers, self.cut, self.keep_bytes)


type Answerer = Callable[[Request], Reply | None]


class Recorded:
    """The server. `serve` a document; `script` answers to come first, in order, whatever is served."""

    def __init__(self) -> None:
        self._served: dict[str, Reply] = {}
        self._scripts: defaultdict[str, list[Reply]] = defaultdict(list)
        self._answerers: list[Answerer] = []
        self._lock = Lock()
        self.requests: list[Request] = []
        self._server = HttpServer(self._answer)
        self._server.start()

    @property
    def url(self) -> str:
        return self._server.url

    def stop(self) -> None:
        self._server.stop()

    def reset(self) -> None:
        """Forget all that was served, scripted and asked."""
        self._served.clear()
        self._scripts.clear()
        self._answerers.clear()
        self.requests.clear()

    def serve(self, place: str, body: bytes, headers: dict[str, str] | None = None, *, zipped: bool = True) -> None:
        """`place` is `host/path` without parameters."""
        self._served[f"/{place}"] = Reply(body, headers=headers or {}, zipped=zipped)

    def script(self, place: str, *replies: Reply) -> None:
        self._scripts[f"/{place}"].extend(replies)

    def answer(self, answerer: Answerer) -> None:
        """Asked of every request that nothing is scripted or served for."""
        self._answerers.append(answerer)

    def paths(self) -> list[str]:
        """What was asked, `host/path`, in order."""
        return [request.path.removeprefix("/") for request in self.requests]

    def _answer(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get(request.path)
            if script:
                return script.pop(0).response()
        reply = self._served.get(request.path) or next(
            (found for answerer in self._answerers if (found := answerer(request)) is not None), None
        )
        if reply is None:
            return Reply(ACCESS_DENIED, 403, {"Content-Type": "application/xml"}).response()
        return _conditional(request, reply)


def _conditional(request: Request, reply: Reply) -> Response:
    etag, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    same_tag = etag is not None and etag == reply.headers.get("ETag")
    same_time = etag is None and since is not None and since == reply.headers.get("Last-Modified")
    return Response(304, b"", dict(reply.headers)) if same_tag or same_time else reply.response()
