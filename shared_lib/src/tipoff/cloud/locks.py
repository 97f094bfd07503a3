"""Locks: objects of the state bucket. Conditional writes ensure one holder at a time.

There are two uses. A lease excludes others while a block runs: it is short, renewed while its holder works, and
deleted at the end, so a killed holder blocks others for at most a minute. Work that is done once acquires a lock and
marks it done at the end; a done lock is never acquired again, and one whose holder was killed expires.

Every acquisition and renewal writes the object, which gives it a new and larger generation. Each further write names
the generation that it replaces, so a late holder cannot change a lock that another holder has acquired. Two holders can
still work at the same time (one of them slower than its lock is long), so the work itself must be idempotent.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec

from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady, TipoffError

LEASE_LENGTH = timedelta(seconds=60)
RENEW_EVERY_S = 15.0
WAIT_S = 120.0
READ_EVERY_S = 0.5  # the mean; jitter makes it half as long to one and a half times as long

logger = logging.getLogger(__name__)


class LockHeld(Conflict):
    """Another holder has the lock, and it has not expired."""


class LockDone(Conflict):
    """The work that the lock is for was done before."""


class LockLost(Conflict):
    """The lock expired, and another holder may have worked at the same time."""


class LockState(msgspec.Struct, frozen=True):
    """Content of a lock's object. `token` identifies one hold, because holders may have the same name.

    Once `done` is true, `expires_at` is the instant at which the work was done.
    """

    holder: str = ""
    expires_at: datetime = datetime.min.replace(tzinfo=UTC)
    token: str = ""
    done: bool = False


class Locks:
    """The locks of one bucket.

    Args:
        store, bucket: of the objects.
        clock: the present instant; an expired lock can be acquired by another holder.
        wait_s: how long to wait for another holder's lease.
        renew_every_s: how often a lease is renewed.
        jitter: a number in [0, 1) that spreads the reads of waiting holders.
    """

    def __init__(
        self,
        store: ObjectStore,
        bucket: str,
        clock: Callable[[], datetime],
        wait_s: float = WAIT_S,
        renew_every_s: float = RENEW_EVERY_S,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._clock = clock
        self._wait_s = wait_s
        self._renew_every_s = renew_every_s
        self._jitter = jitter

    @contextmanager
    def lease(self, name: str, holder: str) -> Iterator["Lock"]:
        """Hold the lease `name` while the block runs; wait for another holder to release it first.

        A lost lease is logged. A block that must react to it calls `Lock.check`.

        Raises:
            LockHeld: ALREADY_RUNNING, another holder keeps it for longer than the wait.
        """
        lock = Lock(self, f"leases/{name}", holder, LEASE_LENGTH)
        self._acquire_within(lock, self._wait_s)
        ended = threading.Event()
        renewing = threading.Thread(target=_renew_until, args=(lock, ended, self._renew_every_s), daemon=True)
        renewing.start()
        try:
            yield lock
        finally:
            ended.set()
            renewing.join()
            with suppress(LockLost):
                lock.release()

    @contextmanager
    def once(self, key: str, holder: str, length: timedelta) -> Iterator["Lock"]:
        """Do the work of the block once: mark the lock done when the block ends, release it when the block fails.

        Raises:
            LockDone: the work was done before.
            LockHeld: another holder works, or was killed less than `length` ago.
        """
        lock = Lock(self, key, holder, length)
        lock.acquire()
        end = lock.release
        try:
            yield lock
            end = lock.complete
        finally:
            with suppress(LockLost):  # the present holder records how it ends
                end()

    def create(self, key: str, holder: str, length: timedelta = timedelta(0)) -> "Lock":
        """Acquire a lock that was never held. Its object stays.

        Raises:
            LockHeld: its object exists.
        """
        lock = Lock(self, key, holder, length)
        lock.create()
        return lock

    def _acquire_within(self, lock: "Lock", wait_s: float) -> None:
        """Acquire a lock, waiting for its holder. Waiting reads: an object may be written about once a second."""
        deadline_s = time.monotonic() + wait_s
        attempt = lock.acquire
        while True:
            try:
                return attempt()
            except LockHeld:
                if time.monotonic() >= deadline_s:
                    raise
            time.sleep(READ_EVERY_S * (0.5 + self._jitter()))
            attempt = lock.acquire_if_free

    def now(self) -> datetime:
        """The present instant."""
        return self._clock()

    def read(self, key: str) -> tuple[LockState, int]:
        """A lock's state and generation; a lock without an object is expired, at generation 0."""
        try:
            found = self._store.read(self._bucket, key)
        except NotReady:
            return LockState(), 0
        return msgspec.json.decode(found.data, type=LockState), found.generation

    def write(self, key: str, state: LockState, generation: int) -> int:
        """Replace that generation (0: create the object); the new generation.

        Raises:
            Conflict: the object has another generation.
        """
        return self._store.write(self._bucket, key, msgspec.json.encode(state), if_generation=generation)

    def delete(self, key: str, generation: int) -> None:
        """Delete that generation.

        Raises:
            Conflict: the object has another generation.
            NotReady: there is no object.
        """
        self._store.delete(self._bucket, key, generation)


class Lock:
    """One hold of one lock.

    Attributes:
        key: name of the object.
        generation: of the object, after this hold's last write of it; larger than that of every earlier hold.
    """

    def __init__(self, locks: Locks, key: str, holder: str, length: timedelta) -> None:
        self.key = key
        self.generation = 0
        self._locks = locks
        self._holder = holder
        self._length = length
        self._token = uuid4().hex

    def acquire(self) -> None:
        """Create the object, or replace an expired one.

        Raises:
            LockHeld: another holder has it, and it has not expired.
            LockDone: its work is done.
        """
        try:
            self.create()
        except LockHeld:
            self.acquire_if_free()

    def create(self) -> None:
        """Create the object.

        Raises:
            LockHeld: there is one.
        """
        self._write(0)

    def acquire_if_free(self) -> None:
        """Read the object, and write it only if it is not there or has expired; raises as `acquire` does."""
        state, generation = self._locks.read(self.key)
        if state.token == self._token:  # the answer to our write was lost, and its retry was refused
            self.generation = generation
            return
        if state.done:
            raise LockDone("ALREADY_RUNNING", f"{self.key} was done before")
        if self._locks.now() < state.expires_at:
            raise LockHeld("ALREADY_RUNNING", f"{self.key} is held by {state.holder} until {state.expires_at}")
        self._write(generation)

    def _write(self, generation: int) -> None:
        try:
            self.generation = self._locks.write(self.key, self._state(), generation)
        except Conflict as error:
            raise LockHeld("ALREADY_RUNNING", f"{self.key} was acquired by another holder just now") from error

    def _state(self) -> LockState:
        return LockState(self._holder, self._locks.now() + self._length, self._token)

    def renew(self) -> None:
        """Let the lock expire one length from now.

        Raises:
            LockLost: another holder has acquired it, or it was deleted.
        """
        try:
            self.generation = self._locks.write(self.key, self._state(), self.generation)
        except Conflict:
            self.generation = self.check()

    def check(self) -> int:
        """Read the object; its generation, if it is still ours.

        Raises:
            LockLost: another holder has acquired it, or it was deleted.
        """
        state, generation = self._locks.read(self.key)
        if state.token != self._token:
            raise self._lost()
        return generation

    def complete(self) -> None:
        """Mark the work done; the lock is never acquired again.

        Raises:
            LockLost: another holder has acquired it.
        """
        try:
            done = LockState(self._holder, self._locks.now(), self._token, done=True)
            self.generation = self._locks.write(self.key, done, self.generation)
        except Conflict as error:
            raise self._lost() from error

    def release(self) -> None:
        """Delete the object.

        Raises:
            LockLost: another holder has acquired it, or has deleted it since.
        """
        try:
            self._locks.delete(self.key, self.generation)
        except (Conflict, NotReady) as error:
            raise self._lost() from error

    def _lost(self) -> LockLost:
        return LockLost("LOCK_LOST", f"{self.key} expired, and another holder has acquired it since")


def _renew_until(lock: Lock, ended: threading.Event, every_s: float) -> None:
    """Renew a lock until the work has ended. A failure is tried again: a lease is long enough for three attempts."""
    while not ended.wait(every_s):
        try:
            lock.renew()
        except LockLost as error:
            logger.warning(error.message, extra={"facts": {"event": "lease_lost", "subject": lock.key}})
            return
        except TipoffError as error:
            facts = {"event": "lease_not_renewed", "subject": lock.key, "code": error.code}
            logger.warning(error.message, extra={"facts": facts})
