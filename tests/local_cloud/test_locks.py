"""One holder at a time, and a killed one blocks nobody for longer than its lock (docs/pitfalls.md#36, #38, #44)."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from tests.support.faults import Fault, FaultProxy

from tipoff.cloud.locks import LEASE_LENGTH, Lock, LockDone, LockHeld, LockLost, Locks
from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady
from tipoff.runtime.settings import Settings
from tipoff.steps.reconcile import CLAIM_LENGTH, start_limited
from tipoff_local.storage import StorageServer

BUCKET, NAME, KEY = "tipoff-tests-state", "player_game_summary", "batches/2025-01-09/batch_1"
NOW = datetime(2025, 1, 9, 12, tzinfo=UTC)
MINUTE = timedelta(seconds=60)
DIES_AT_WORK = """
import os, signal, sys
from datetime import datetime, timedelta
from tipoff.cloud.locks import Locks
from tipoff.cloud.storage import ObjectStore
from tipoff.runtime.settings import Settings
at = Settings(project_id="p", project_number="1", region="r", environment="local", release="x",
              storage_emulator_host=sys.argv[1])
now = datetime.fromisoformat(sys.argv[4])
locks = Locks(ObjectStore(at), sys.argv[2], lambda: now)
with {held}:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class World:
    """A bucket behind a proxy that loses answers on order, and a clock that a test sets."""

    proxy: FaultProxy
    store: ObjectStore
    now: datetime = NOW

    def locks(self, renew_every_s: float = 15.0, wait_s: float = 0.0) -> Locks:
        return Locks(self.store, BUCKET, lambda: self.now, wait_s, renew_every_s, jitter=lambda: 0.0)

    def lease(self, name: str = NAME) -> Lock:
        """A lease that is acquired, and not renewed by itself."""
        lock = Lock(self.locks(), f"leases/{name}", "late", LEASE_LENGTH)
        lock.acquire()
        return lock

    def once(self) -> AbstractContextManager[Lock]:
        return self.locks().once(KEY, "a step", MINUTE)

    def is_held(self) -> bool:
        try:
            with self.locks().lease(NAME, "another"):
                return False
        except LockHeld:
            return True

    def kill_at_work(self, held: str) -> None:
        code = DIES_AT_WORK.format(held=held)
        command = [sys.executable, "-c", code, self.proxy.url, BUCKET, NAME, NOW.isoformat()]
        assert subprocess.run(command, timeout=60).returncode == -9

    def expires_at(self) -> datetime:
        found = json.loads(self.store.read(BUCKET, f"leases/{NAME}").data)
        return datetime.fromisoformat(found["expires_at"])

    def generation(self) -> int:
        return self.store.read(BUCKET, f"leases/{NAME}").generation

    def writes(self) -> int:
        return sum(call.startswith("POST /upload") for call, _ in self.proxy.calls)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    server = StorageServer(tmp_path)
    server.start()
    proxy = FaultProxy(server.url)
    proxy.start()
    settings = Settings(
        project_id="p", project_number="1", region="r", environment="local", release="x",
        storage_emulator_host=proxy.url,
    )  # fmt: skip
    store = ObjectStore(settings)
    store._client.create_bucket(BUCKET)
    yield World(proxy, store)
    proxy.stop()
    server.stop()


def test_a_lease_has_one_holder_and_leaves_nothing_behind(world: World) -> None:
    with world.locks().lease(NAME, "one") as lease:
        assert world.is_held()
        assert lease.generation == lease.check() == world.generation()
    assert not world.is_held()
    with pytest.raises(NotReady):
        world.expires_at()


def test_of_many_at_once_one_works_at_a_time_and_generations_grow(world: World) -> None:
    together, inside, generations = Barrier(6), [], []

    def work(number: int) -> None:
        together.wait()
        with world.locks(wait_s=60).lease(NAME, f"holder {number}") as lease:
            inside.append(number)
            generations.append(lease.generation)
            assert inside == [number]
            time.sleep(0.02)
            inside.remove(number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert generations == sorted(set(generations)) and len(generations) == 6


def test_who_waits_for_a_lease_reads_it(world: World) -> None:
    """Cloud Storage takes about one write a second of one object: those who wait must leave them to the holder."""
    lease = world.lease()
    before = world.writes()

    def wait() -> int:
        with world.locks(wait_s=60).lease(NAME, "patient") as acquired:
            return acquired.generation

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        _until(lambda: sum(f"leases%2F{NAME}" in call and "GET" in call for call, _ in world.proxy.calls) >= 3)
        assert world.writes() == before + 1, "the first attempt writes"
        lease.release()
        assert waiting.result(20) > lease.generation
    assert world.writes() == before + 2


def test_the_lease_of_a_killed_holder_is_free_after_a_minute(world: World) -> None:
    world.kill_at_work("locks.lease(sys.argv[3], 'killed')")
    world.now = NOW + timedelta(seconds=59)
    assert world.is_held()
    world.now = NOW + MINUTE
    assert not world.is_held()


def test_long_work_keeps_its_lease(world: World) -> None:
    with world.locks(renew_every_s=0.01).lease(NAME, "long"):
        for seconds in (50, 100, 150):
            world.now = NOW + timedelta(seconds=seconds)
            _until(lambda: world.expires_at() == world.now + MINUTE)
            assert world.is_held()
    assert not world.is_held()


def test_a_late_holder_learns_that_its_generation_is_no_longer_current(world: World) -> None:
    late = world.lease()
    world.now = NOW + MINUTE
    with world.locks().lease(NAME, "next") as current:
        assert current.generation > late.generation
        for attempt in (late.check, late.renew, late.release, late.complete):
            with pytest.raises(LockLost):
                attempt()
        assert current.check() == current.generation, "the late holder changed nothing"
    with pytest.raises(LockLost):
        late.renew()


def test_an_expired_lease_that_nobody_acquired_is_renewed(world: World) -> None:
    late = world.lease()
    first = late.generation
    world.now = NOW + timedelta(hours=1)
    late.renew()
    assert late.generation > first and world.is_held()


def test_a_lease_whose_answer_was_lost_is_held_by_who_wrote_it(world: World) -> None:
    """The client repeats a write whose answer got lost, and is refused by what it has written itself."""
    world.proxy.script.add(Fault(match="POST /upload", kind="lost_answer"))
    with world.locks().lease(NAME, "unlucky") as lease:
        assert ("lost_answer" in {fault for _, fault in world.proxy.calls}) and world.is_held()
        world.proxy.script.add(Fault(match="POST /upload", kind="lost_answer"))
        lease.renew()
        assert lease.generation == world.generation()
    assert not world.is_held()


def test_done_work_is_never_done_again(world: World) -> None:
    with world.once():
        pass
    for seconds in (1, 61, 10**6):
        world.now = NOW + timedelta(seconds=seconds)
        with pytest.raises(LockDone, match="done before"), world.once():
            pytest.fail("done twice")


def test_what_a_killed_holder_left_undone_is_done_when_its_lock_expires(world: World) -> None:
    world.kill_at_work(f"locks.once({KEY!r}, 'killed', timedelta(seconds=60))")
    world.now = NOW + timedelta(seconds=59)
    with pytest.raises(LockHeld), world.once():
        pytest.fail("acquired while in force")
    world.now = NOW + MINUTE
    done = []
    with world.once():
        done.append(1)
        with pytest.raises(LockHeld), world.once():
            pytest.fail("acquired by two")
    assert done == [1]
    world.now = NOW + 3 * MINUTE
    with pytest.raises(LockDone), world.once():
        pytest.fail("done twice")


def test_work_that_fails_releases_its_lock(world: World) -> None:
    with pytest.raises(ValueError, match="no luck"), world.once():
        raise ValueError("no luck")
    with world.once():
        pass


def test_a_holder_that_outlives_its_lock_does_not_undo_the_next_one(world: World) -> None:
    with world.once():
        world.now = NOW + timedelta(seconds=61)
        with world.once():
            pass
    with pytest.raises(LockDone), world.once():
        pytest.fail("done twice")


def test_a_lock_is_created_once_whatever_became_of_it(world: World) -> None:
    world.locks().create("checks/one", "reconcile")
    world.now = NOW + timedelta(days=400)
    with pytest.raises(Conflict):
        world.locks().create("checks/one", "reconcile")


def test_reconcile_starts_a_workflow_three_times_an_hour_apart(world: World) -> None:
    locks = world.locks()
    started: list[int] = []
    for minutes in (0, 59, 60, 119, 120, 180, 600):
        world.now = NOW + timedelta(minutes=minutes)
        start_limited(locks, "2024-12-05/daily", partial(started.append, minutes))
    assert started == [0, 60, 120]


def test_a_reconcile_killed_before_its_start_is_followed_by_the_next_one(world: World) -> None:
    """An hour was lost: the claim stood, and nothing was started."""
    locks = world.locks()
    started: list[int] = []
    world.locks().create("starts/2024-12-05/daily/0", "reconcile", CLAIM_LENGTH)  # killed here
    for minutes in (1, 15, 30):
        world.now = NOW + timedelta(minutes=minutes)
        start_limited(locks, "2024-12-05/daily", partial(started.append, minutes))
    assert started == [15]


def test_a_start_that_fails_is_tried_by_the_next_reconcile(world: World) -> None:
    locks = world.locks()
    started: list[int] = []
    with pytest.raises(ZeroDivisionError):
        start_limited(locks, "2024-12-05/daily", lambda: 1 / 0)
    start_limited(locks, "2024-12-05/daily", partial(started.append, 1))
    assert started == [1]


def test_locks_of_an_earlier_release_are_read(world: World) -> None:
    world.store.write(BUCKET, KEY, b'{"done":true,"expires_at":"0001-01-01T00:00:00Z"}')
    with pytest.raises(LockDone), world.once():
        pytest.fail("done twice")


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
