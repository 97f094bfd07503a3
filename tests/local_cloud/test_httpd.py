"""A stopping server waits for its handlers, because its owner then closes what they use, but not forever."""

import threading
from collections.abc import Callable
from contextlib import suppress

import urllib3

from tipoff_local.http1 import Request, Response
from tipoff_local.httpd import HttpServer


def stopped_during(work: Callable[[], object]) -> None:
    """Stop a server while its handler runs `work`; returns when both have returned."""
    begun = threading.Event()

    def handle(request: Request) -> Response:
        begun.set()
        work()
        return Response(200, b"", {})

    def ask() -> None:
        with suppress(urllib3.exceptions.HTTPError):  # the client gets no answer
            urllib3.request("GET", f"{server.url}/", retries=False)

    server = HttpServer(handle)
    server.start()
    asker = threading.Thread(target=ask)
    asker.start()
    assert begun.wait(10)
    server.stop()
    asker.join(10)


def test_stop_waits_for_the_request_in_progress() -> None:
    ended = threading.Event()

    def work() -> None:
        threading.Event().wait(0.2)
        ended.set()

    stopped_during(work)
    assert ended.is_set()


def test_a_handler_that_does_not_end_does_not_block_the_stop() -> None:
    released = threading.Event()
    stopped_during(lambda: released.wait(60))
    assert not released.is_set()
    released.set()
