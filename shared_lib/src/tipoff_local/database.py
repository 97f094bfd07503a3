"""One SQLite file per server: WAL, one connection under one lock, safe against SIGKILL of the process.

synchronous=NORMAL leaves a committed transaction in the operating system's hands: it survives the death of
the process, not the loss of power, which is out of scope on a laptop.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Database:
    """A connection shared by the threads of a server. `schema` must be idempotent (IF NOT EXISTS)."""

    def __init__(self, path: Path, schema: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=2000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; nobody else reads or writes meanwhile."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # commits, or rolls back and re-raises
                yield self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent look without a transaction."""
        with self._lock:
            yield self._connection

    def close(self) -> None:
        """Closes the file; the server must be quiet."""
        with self._lock:
            self._connection.close()
