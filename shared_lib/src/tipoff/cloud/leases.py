"""One builder of a table at a time: a lease is an object that only one writer can create."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady

LEASE_FOR = timedelta(minutes=15)
WAIT_S = 120.0
LOOK_EVERY_S = 0.5


class _Lease(msgspec.Struct, frozen=True):
    holder: str
    expires_at: datetime


class Leases:
    """Leases kept in one bucket.

    Args:
        store, bucket: where leases are kept.
        clock: the present instant; an expired lease (its holder was killed) may be taken over.
        wait_s: how long to wait for another holder.
    """

    def __init__(self, store: ObjectStore, bucket: str, clock: Callable[[], datetime], wait_s: float = WAIT_S) -> None:
        self._store = store
        self._bucket = bucket
        self._clock = clock
        self._wait_s = wait_s

    @contextmanager
    def hold(self, name: str, holder: str) -> Iterator[None]:
        """Hold the lease called `name` while the block runs; wait for another holder to end first.

        Raises:
            Conflict: ALREADY_RUNNING, somebody else holds it for longer than the wait.
        """
        generation = self._take_patiently(f"leases/{name}", holder)
        try:
            yield
        finally:
            self._give_back(f"leases/{name}", generation)

    def _take_patiently(self, key: str, holder: str) -> int:
        deadline_s = time.monotonic() + self._wait_s
        while True:
            try:
                return self._take(key, holder)
            except Conflict:
                if time.monotonic() >= deadline_s:
                    raise
                time.sleep(LOOK_EVERY_S)

    def _take(self, key: str, holder: str) -> int:
        lease = msgspec.json.encode(_Lease(holder, self._clock() + LEASE_FOR))
        try:
            return self._store.write(self._bucket, key, lease, if_generation=0)
        except Conflict:
            return self._take_over(key, lease)

    def _take_over(self, key: str, lease: bytes) -> int:
        try:
            found = self._store.read(self._bucket, key)
        except NotReady as gone:
            raise Conflict("ALREADY_RUNNING", f"{key} was given back just now; try again") from gone
        held = msgspec.json.decode(found.data, type=_Lease)
        if held.expires_at > self._clock():
            raise Conflict("ALREADY_RUNNING", f"{key} is held by {held.holder} until {held.expires_at}")
        return self._store.write(self._bucket, key, lease, if_generation=found.generation)

    def _give_back(self, key: str, generation: int) -> None:
        try:
            self._store.delete(self._bucket, key, generation)
        except (Conflict, NotReady):
            return
