"""Work that is done once: an object claims it, and a claim whose holder was killed can be taken over.

A claim is a promise until its work is done, and only then a fact: `claimed` writes it with an expiry, and marks it done
when the block has ended. So a crash between claim and work delays the work by the claim's length and loses nothing.
Two holders at once are possible (one slower than its claim is long), so the work itself must be idempotent.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec

from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady


class _Claim(msgspec.Struct, frozen=True):
    done: bool = False
    expires_at: datetime = datetime.min.replace(tzinfo=UTC)


class Held(Exception):
    """Somebody claimed the work a moment ago and has not ended it: ask again when it is over."""


class Claims:
    """Claims kept as objects of one bucket; `clock` gives the present instant."""

    def __init__(self, store: ObjectStore, bucket: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._bucket = bucket
        self._clock = clock

    @contextmanager
    def claimed(self, key: str, seconds: int) -> Iterator[None]:
        """Do the work of the block under the claim `key` of that many seconds; a block that fails gives it back.

        Raises:
            Conflict: the work was done before.
            Held: the claim is in force and its work not done.
        """
        generation = self._take(key, timedelta(seconds=seconds))
        done = False
        try:
            yield
            done = True
        finally:
            self._end(key, generation, done=done)

    def _take(self, key: str, length: timedelta) -> int:
        claim = msgspec.json.encode(_Claim(expires_at=self._clock() + length))
        try:
            return self._store.write(self._bucket, key, claim, if_generation=0)
        except Conflict:
            return self._take_over(key, claim)

    def _take_over(self, key: str, claim: bytes) -> int:
        try:
            found = self._store.read(self._bucket, key)
        except NotReady as gone:
            raise Held(key) from gone
        held = msgspec.json.decode(found.data, type=_Claim)
        if held.done:
            raise Conflict("ALREADY_RUNNING", f"{key} was done before")
        if self._clock() < held.expires_at:
            raise Held(key)
        return self._store.write(self._bucket, key, claim, if_generation=found.generation)

    def _end(self, key: str, generation: int, *, done: bool) -> None:
        try:
            if done:
                self._store.write(self._bucket, key, msgspec.json.encode(_Claim(done=True)), if_generation=generation)
            else:
                self._store.delete(self._bucket, key, generation)
        except (Conflict, NotReady):
            return  # taken over meanwhile: the other holder says how it ended
