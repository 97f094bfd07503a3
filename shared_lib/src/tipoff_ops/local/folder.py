"""The folder of a local cloud: its data, its state file and its lock.

A process holds the lock of the folder as long as it lives, however it ends. So a free lock means that no local cloud
runs there, whatever the state file says.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from tipoff_local.files import write_whole
from tipoff_ops.build import find_project
from tipoff_ops.local.state import State

DEFAULT_FOLDER = Path(".tipoff") / "local"


class AlreadyRunning(Exception):
    """Another process runs the local cloud of this folder."""


class NotRunning(Exception):
    """No process runs the local cloud of this folder."""


class CloudFolder:
    """A folder for one local cloud.

    Attributes:
        folder: holds `state.json`, the lock and all that follows.
        data: the data of the servers.
        log: the log of a detached local cloud.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "local.log"
        self._state = folder / "state.json"
        self._lock = folder / "lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; the state file is removed at the end.

        Raises:
            AlreadyRunning: another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            if not _try_lock(lock):
                raise AlreadyRunning(f"a local cloud runs in {self.folder} already; `tipoff local down` stops it")
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                self._state.unlink(missing_ok=True)

    @property
    def is_locked(self) -> bool:
        """Whether a living process holds the lock."""
        if not self._lock.exists():
            return False
        with self._lock.open("a") as lock:
            return not _try_lock(lock)

    def owner_pid(self) -> int:
        """The id of the process that holds the lock.

        Raises:
            NotRunning: no process holds it.
        """
        if not self.is_locked:
            raise self._not_running()
        return int(self._lock.read_text())

    def _not_running(self) -> NotRunning:
        return NotRunning(f"no local cloud runs in {self.folder}; `tipoff local up` starts one")

    def write(self, state: State) -> None:
        """Replace the state file; a reader sees the whole of it or nothing. Only the user may read it."""
        write_whole(self._state, msgspec.json.format(msgspec.json.encode(state)), 0o600)

    def read(self) -> State:
        """Read the state file of the running local cloud.

        Raises:
            NotRunning: no local cloud runs here, or it is still starting.
        """
        if not self.is_locked:
            raise self._not_running()
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=State)
        except FileNotFoundError as error:
            raise NotRunning(f"the local cloud in {self.folder} is still starting") from error


def cloud_folder(folder: Path | None) -> CloudFolder:
    """The local cloud's folder at a path; `.tipoff/local` of the checkout if None."""
    return CloudFolder((folder or find_project().root / DEFAULT_FOLDER).resolve())


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
