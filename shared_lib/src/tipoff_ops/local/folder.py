"""The folder of a local cloud: its data, its state file and its lock.

A process holds the lock of the folder as long as it lives, however it ends. So a free lock means that no local cloud
runs there, whatever the state file says.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from tipoff_local.files import write_whole
from tipoff_ops.build import find_project
from tipoff_ops.local.project import WAREHOUSE
from tipoff_ops.local.state import State

CLOUDS_FOLDER = Path(".tipoff")
DEFAULT_FOLDER = CLOUDS_FOLDER / "local"
DATA_PARTS = (WAREHOUSE, "bq", "host", "identity", "pubsub", "scheduler", "storage", "usage", "workflows")
OTHER_COMMAND_TIMEOUT_S = 60.0
POLL_S = 0.1
LOCK_TRIES = 5  # `is_locked` of another process holds the lock for an instant


class AlreadyRunning(Exception):
    """Another process runs the local cloud of this folder."""


class NotRunning(Exception):
    """No process runs the local cloud of this folder, or it has no data."""


class CloudFolder:
    """A folder for one local cloud.

    Attributes:
        folder: holds `state.json`, the lock and all that follows.
        data: the data of the servers: the folder `data`, or the folder itself where an earlier release put them.
        log: the log of a detached local cloud.
        report: the operator's page of the last run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder if (folder / WAREHOUSE).is_dir() else folder / "data"
        self.log = folder / "local.log"
        self.report = folder / "report.html"
        self._state = folder / "state.json"
        self._lock = folder / "lock"

    @property
    def has_data(self) -> bool:
        """Whether a local cloud was ever started here."""
        return (self.data / WAREHOUSE).is_dir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; the state file is removed at the end.

        Raises:
            AlreadyRunning: another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            if not _try_lock(lock, LOCK_TRIES):
                owner = self._lock.read_text()
                raise AlreadyRunning(f"process {owner} runs in {self.folder}; `tipoff local down` stops it")
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
        return NotRunning(f"no local cloud runs in {self.folder}; `tipoff local up --detach` starts one")

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

    def running_state(self) -> State | None:
        """The state of the running local cloud, or None if no process uses the folder.

        Waits for a process that is starting the cloud, or that has opened its data for one command.

        Raises:
            NotRunning: a process uses the folder for a minute and writes no state.
        """
        deadline = time.monotonic() + OTHER_COMMAND_TIMEOUT_S
        while self.is_locked:
            try:
                return self.read()
            except NotRunning:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_S)
        return None

    def delete_data(self) -> None:
        """Delete the data of a locked folder, and nothing else that is in it."""
        for part in DATA_PARTS:
            shutil.rmtree(self.data / part, ignore_errors=True)
        self.report.unlink(missing_ok=True)
        if self.data != self.folder and self.data.is_dir() and not any(self.data.iterdir()):
            self.data.rmdir()

    def set_aside(self) -> Path | None:
        """Move the data of a locked folder to a new folder beside it; returns that folder, or None without data."""
        if not self.has_data:
            return None
        created_at = datetime.fromtimestamp((self.data / WAREHOUSE).stat().st_mtime, UTC)
        kept = _unused(self.folder.with_name(f"{self.folder.name}-{created_at:%Y%m%d-%H%M%S}"))
        kept.mkdir()
        for path in self.folder.iterdir():
            if path not in (self._lock, self._state):
                path.rename(kept / path.name)
        self.data = self.folder / "data"
        return kept


def cloud_folder(folder: Path | None) -> CloudFolder:
    """The local cloud's folder at a path; `.tipoff/local` of the checkout if None."""
    return CloudFolder((folder or find_project().root / DEFAULT_FOLDER).resolve())


def known_clouds() -> list[CloudFolder]:
    """The local clouds of the checkout, by name."""
    parent = find_project().root / CLOUDS_FOLDER
    found = (CloudFolder(path.resolve()) for path in sorted(parent.glob("*/")))
    return [cloud for cloud in found if cloud.has_data or cloud.is_locked]


def _unused(path: Path) -> Path:
    """The path, with a number if it exists already."""
    return next(
        each for n in range(1, 1000) if not (each := path if n == 1 else path.with_name(f"{path.name}-{n}")).exists()
    )


def _try_lock(file: IO[str], tries: int = 1) -> bool:
    for left in reversed(range(tries)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(POLL_S)
        else:
            return True
    return False
