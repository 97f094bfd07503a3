"""Bounds how many bytes the concurrent requests of an instance hold. The number of its threads does not."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from tipoff.core.errors import RateLimited


class BytesInFlight:
    """A semaphore that counts bytes. Waiting requests are served in the order in which they came.

    Args:
        limit_bytes: how many may be held at a time. A request for more is let in alone.
        wait_s: how long a request waits before it is refused.
    """

    def __init__(self, limit_bytes: int, wait_s: float) -> None:
        self._limit_bytes = limit_bytes
        self._wait_s = wait_s
        self._held_bytes = 0
        self._waiting: deque[object] = deque()
        self._changed = Condition()

    @contextmanager
    def hold(self, size_bytes: int) -> Iterator[None]:
        """Hold so many bytes while the block runs.

        Raises:
            RateLimited: too many were held for too long; the message will come again.
        """
        counted = min(size_bytes, self._limit_bytes)
        self._acquire(counted)
        try:
            yield
        finally:
            with self._changed:
                self._held_bytes -= counted
                self._changed.notify_all()

    def _acquire(self, counted: int) -> None:
        ticket, end_s = object(), time.monotonic() + self._wait_s
        with self._changed:
            self._waiting.append(ticket)
            try:
                while self._waiting[0] is not ticket or self._held_bytes + counted > self._limit_bytes:
                    if not self._changed.wait(end_s - time.monotonic()):
                        raise RateLimited("bytes_in_flight", f"{counted} more bytes are too many for {self._wait_s} s")
                self._held_bytes += counted
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
