"""One builder at a time, and a killed one is in nobody's way for more than a minute (pitfalls 36, 44)."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tipoff.cloud.leases import Leases
from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady
from tipoff.runtime.settings import Settings
from tipoff_local.faults import Fault, FaultProxy
from tipoff_local.storage import StorageServer

BUCKET, NAME = "tipoff-tests-state", "player_game_summary"
NOW = datetime(2025, 1, 9, 12, tzinfo=UTC)
DIES_AT_WORK = """
import os, signal, sys
from datetime import datetime
from tipoff.cloud.leases import Leases
from tipoff.cloud.storage import ObjectStore
from tipoff.runtime.settings import Settings
at = Settings(project_id="p", project_number="1", region="r", environment="local", release="x",
              storage_emulator_host=sys.argv[1])
now = datetime.fromisoformat(sys.argv[4])
with Leases(ObjectStore(at), sys.argv[2], lambda: now).hold(sys.argv[3], "killed"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class World:
    """A bucket behind a proxy that loses answers on order, and a clock that a test sets."""

    proxy: FaultProxy
    store: ObjectStore
    now: datetime = NOW

    def leases(self, renew_every_s: float = 15.0, wait_s: float = 0.0) -> Leases:
        return Leases(self.store, BUCKET, lambda: self.now, wait_s, renew_every_s)

    def refused(self) -> bool:
        try:
            with self.leases().hold(NAME, "another"):
                return False
        except Conflict:
            return True

    def expires_at(self) -> datetime:
        found = json.loads(self.store.read(BUCKET, f"leases/{NAME}").data)
        return datetime.fromisoformat(found["expires_at"])


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


def test_one_holder_at_a_time_and_nothing_is_left_behind(world: World) -> None:
    with world.leases().hold(NAME, "one"):
        assert world.refused()
    assert not world.refused()
    with pytest.raises(NotReady):
        world.expires_at()


def test_what_a_killed_holder_left_is_free_after_a_minute(world: World) -> None:
    command = [sys.executable, "-c", DIES_AT_WORK, world.proxy.url, BUCKET, NAME, NOW.isoformat()]
    assert subprocess.run(command, timeout=60).returncode == -9
    world.now = NOW + timedelta(seconds=59)
    assert world.refused()
    world.now = NOW + timedelta(seconds=60)
    assert not world.refused()


def test_long_work_keeps_its_lease(world: World) -> None:
    with world.leases(renew_every_s=0.01).hold(NAME, "long"):
        for seconds in (50, 100, 150):
            world.now = NOW + timedelta(seconds=seconds)
            _until(lambda: world.expires_at() == world.now + timedelta(seconds=60))
            assert world.refused()
    assert not world.refused()


def test_a_lease_whose_answer_was_lost_is_held_by_who_wrote_it(world: World) -> None:
    """The client repeats a write whose answer got lost, and is refused by what it has written itself."""
    world.proxy.script.add(Fault(match="POST /upload", kind="lost_answer"))
    with world.leases().hold(NAME, "unlucky"):
        assert ("lost_answer" in {fault for _, fault in world.proxy.calls}) and world.refused()
    assert not world.refused()


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
