"""The SQLite file of a server: WAL mode, one connection behind one lock.

A committed transaction survives SIGKILL of the process. It does not always survive a loss of power, because
synchronous=NORMAL leaves the last write to the operating system; on a laptop that is acceptable.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Database:
    """A connection shared by the threads of a server.

    Args:
        schema: SQL that may run at every start (IF NOT EXISTS).
    """

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
        """A transaction; no other thread reads or writes during it."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # commits, or rolls back and re-raises
                yield self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent read without a transaction."""
        with self._lock:
            yield self._connection

    def close(self) -> None:
        """Close the file; no thread may use it any more."""
        with self._lock:
            self._connection.close()
