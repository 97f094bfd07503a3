"""One builder of a table at a time: a lease is an object that only one writer can create.

A lease is short and renewed while its holder works: a holder that was killed is in nobody's way for more than a minute.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady, TipoffError

LEASE_FOR = timedelta(seconds=60)
RENEW_EVERY_S = 15.0
WAIT_S = 120.0
LOOK_EVERY_S = 0.5

logger = logging.getLogger(__name__)


class _Lease(msgspec.Struct, frozen=True):
    holder: str
    expires_at: datetime
    token: str = ""


class Leases:
    """Leases kept in one bucket.

    Args:
        store, bucket: where leases are kept.
        clock: the present instant; an expired lease (its holder was killed) may be taken over.
        wait_s: how long to wait for another holder.
        renew_every_s: how often a held lease is prolonged.
    """

    def __init__(
        self,
        store: ObjectStore,
        bucket: str,
        clock: Callable[[], datetime],
        wait_s: float = WAIT_S,
        renew_every_s: float = RENEW_EVERY_S,
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._clock = clock
        self._wait_s = wait_s
        self._renew_every_s = renew_every_s

    @contextmanager
    def hold(self, name: str, holder: str) -> Iterator[None]:
        """Hold the lease called `name` while the block runs; wait for another holder to end first.

        Raises:
            Conflict: ALREADY_RUNNING, somebody else holds it for longer than the wait.
        """
        held = _Held(self, f"leases/{name}", holder)
        held.take_patiently(self._wait_s)
        ended = threading.Event()
        renewing = threading.Thread(target=held.renew_until, args=(ended, self._renew_every_s), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            held.give_back()

    def write(self, key: str, holder: str, token: str, generation: int) -> int:
        """The lease from now on, in place of that generation of it (0: of none); its own generation."""
        lease = _Lease(holder, self._clock() + LEASE_FOR, token)
        return self._store.write(self._bucket, key, msgspec.json.encode(lease), if_generation=generation)

    def read(self, key: str) -> tuple[_Lease, int]:
        """The lease as it stands, and its generation."""
        found = self._store.read(self._bucket, key)
        return msgspec.json.decode(found.data, type=_Lease), found.generation

    def expired(self, lease: _Lease) -> bool:
        """Whether its holder has not renewed it in time."""
        return lease.expires_at <= self._clock()

    def delete(self, key: str, generation: int) -> None:
        """Give that generation of a lease back."""
        self._store.delete(self._bucket, key, generation)


class _Held:
    """One holder's hold of one lease; the token tells it from every other holder, whatever they call themselves."""

    def __init__(self, leases: Leases, key: str, holder: str) -> None:
        self._leases = leases
        self._key = key
        self._holder = holder
        self._token = uuid4().hex
        self._generation = 0

    def take_patiently(self, wait_s: float) -> None:
        """Take the lease, looking again until `wait_s` have passed."""
        deadline_s = time.monotonic() + wait_s
        while True:
            try:
                self._generation = self._take()
                return
            except Conflict:
                if time.monotonic() >= deadline_s:
                    raise
                time.sleep(LOOK_EVERY_S)

    def _take(self) -> int:
        try:
            return self._write(0)
        except Conflict:
            return self._take_over()

    def _take_over(self) -> int:
        try:
            held, generation = self._leases.read(self._key)
        except NotReady as gone:
            raise Conflict("ALREADY_RUNNING", f"{self._key} was given back just now; try again") from gone
        if held.token == self._token:  # ours: the answer to its writing was lost, and the repetition refused
            return generation
        if not self._leases.expired(held):
            raise Conflict("ALREADY_RUNNING", f"{self._key} is held by {held.holder} until {held.expires_at}")
        return self._write(generation)

    def _write(self, generation: int) -> int:
        return self._leases.write(self._key, self._holder, self._token, generation)

    def renew_until(self, ended: threading.Event, every_s: float) -> None:
        """Prolong the lease until the work has ended; a failure is tried again, for there is time for three."""
        while not ended.wait(every_s):
            try:
                self._generation = self._renew()
            except Conflict:
                logger.warning("lease lost", extra={"facts": {"event": "lease_lost", "subject": self._key}})
                return
            except TipoffError as error:
                facts = {"event": "lease_not_renewed", "subject": self._key, "code": error.code}
                logger.warning(error.message, extra={"facts": facts})

    def _renew(self) -> int:
        try:
            return self._write(self._generation)
        except Conflict:
            return self._take_over()

    def give_back(self) -> None:
        """Let the next one have it; one that was taken over meanwhile is left alone."""
        try:
            self._leases.delete(self._key, self._generation)
        except (Conflict, NotReady):
            return
