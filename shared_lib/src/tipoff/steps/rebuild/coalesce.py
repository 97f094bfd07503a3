"""Combines messages that arrive close together into one rebuild."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import Event, Lock

from tipoff.core.errors import TipoffError


@dataclass
class _Batch:
    dates: set[date] = field(default_factory=set)
    opened_s: float = field(default_factory=time.monotonic)
    last_joined_s: float = 0.0
    done: Event = field(default_factory=Event)
    error: TipoffError | None = None


class Coalescer:
    """Collects dates in a batch, and rebuilds the union of them once.

    A batch closes when no date has been added for `wait_s` seconds, or `wait_max_s` seconds after it was opened. Each
    caller returns after the rebuild of its own dates. A message is therefore acknowledged after its rebuild, and a
    crash loses no message.
    """

    def __init__(self, wait_s: float, wait_max_s: float) -> None:
        self._wait_s = wait_s
        self._wait_max_s = wait_max_s
        self._open: _Batch | None = None
        self._lock = Lock()
        self._work_lock = Lock()

    def run(self, dates: set[date], work: Callable[[set[date]], None]) -> None:
        """Add `dates` to the open batch, and return when `work` has run for the batch.

        Raises:
            TipoffError: the error of `work`; every caller of the batch gets it.
        """
        batch, leads = self._join(dates)
        if leads:
            # The batch stays open while the previous one is rebuilt, so that messages of that time join it.
            with self._work_lock:
                self._wait_for_quiet(batch)
                self._work(batch, work)
        batch.done.wait()
        if batch.error is not None:
            raise batch.error

    def _join(self, dates: set[date]) -> tuple[_Batch, bool]:
        with self._lock:
            leads = self._open is None
            batch = self._open or _Batch()
            self._open = batch
            batch.dates |= dates
            batch.last_joined_s = time.monotonic()
            return batch, leads

    def _wait_for_quiet(self, batch: _Batch) -> None:
        while True:
            now_s = time.monotonic()
            left_s = min(batch.last_joined_s + self._wait_s, batch.opened_s + self._wait_max_s) - now_s
            if left_s <= 0:
                return
            time.sleep(left_s)

    def _work(self, batch: _Batch, work: Callable[[set[date]], None]) -> None:
        with self._lock:
            self._open = None
        try:
            work(batch.dates)
        except TipoffError as error:
            batch.error = error
        finally:
            batch.done.set()
