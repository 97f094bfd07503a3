"""Caches answers about the warehouse's catalogue until the catalogue changes.

local-bigquery asks DuckDB's catalogue functions about a table each time that it is named. These functions read every
table and column, which takes 10-20 ms with our hundred tables, dozens of times for each statement.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

type Function = Callable[..., Any]


class CatalogueCache:
    """Answers that hold until the catalogue changes. Exceptions are never cached. Thread-safe.

    Attributes:
        generation: number of changes so far.
        before_clear: called before a change is made.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._answers: dict[Any, Any] = {}
        self._lock = Lock()
        self.before_clear: Callable[[], None] = lambda: None

    def answers(self) -> dict[Any, Any]:
        """All cached answers, by key."""
        with self._lock:
            return dict(self._answers)

    def preload(self, answers: dict[Any, Any]) -> None:
        """Add answers that are right for the present catalogue."""
        with self._lock:
            self._answers |= answers

    def clear(self) -> None:
        """Remove all answers. An answer that is being computed will not be cached either."""
        with self._lock:
            self.before_clear()
            self.generation += 1
            self._answers.clear()

    def get(self, key: Any, compute: Callable[[], Any]) -> Any:
        """The cached answer, or the result of `compute`, which is then cached."""
        with self._lock:
            if key in self._answers:
                return self._answers[key]
            generation = self.generation
        found = compute()
        with self._lock:
            if generation == self.generation:
                self._answers[key] = found
        return found

    def cached(self, lookup: Function) -> Function:
        """`lookup`, a function of hashable arguments, with cached results."""
        return lambda *arguments: self.get((lookup, *arguments), lambda: lookup(*arguments))
