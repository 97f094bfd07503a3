"""A claim is a promise until its work is done: what a killed holder left, the next one does (pitfalls 36, 38)."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict
from tipoff.runtime.settings import Settings
from tipoff.steps.claims import Claims, Held
from tipoff_local.storage import StorageServer

BUCKET = "tipoff-tests-state"
KEY = "batches/2025-01-09/batch_1"
NOW = datetime(2025, 1, 9, 12, tzinfo=UTC)
DIES_AT_WORK = """
import os, signal, sys
from datetime import datetime
from tipoff.cloud.storage import ObjectStore
from tipoff.runtime.settings import Settings
from tipoff.steps.claims import Claims
at = Settings(project_id="p", project_number="1", region="r", environment="local", release="x",
              storage_emulator_host=sys.argv[1])
now = datetime.fromisoformat(sys.argv[4])
with Claims(ObjectStore(at), sys.argv[2], lambda: now).claimed(sys.argv[3], 60):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[ObjectStore, str]]:
    server = StorageServer(tmp_path)
    server.start()
    settings = Settings(
        project_id="p", project_number="1", region="r", environment="local", release="x",
        storage_emulator_host=server.url,
    )  # fmt: skip
    store = ObjectStore(settings)
    store._client.create_bucket(BUCKET)
    yield store, server.url
    server.stop()


def at(store: ObjectStore, seconds: float) -> Claims:
    return Claims(store, BUCKET, lambda: NOW + timedelta(seconds=seconds))


def test_done_work_is_refused_for_ever(store: tuple[ObjectStore, str]) -> None:
    with at(store[0], 0).claimed(KEY, 60):
        pass
    for seconds in (1, 61, 10**6):
        with pytest.raises(Conflict, match="done before"), at(store[0], seconds).claimed(KEY, 60):
            pytest.fail("done twice")


def test_what_a_killed_holder_left_is_done_when_its_claim_is_over(store: tuple[ObjectStore, str]) -> None:
    command = [sys.executable, "-c", DIES_AT_WORK, store[1], BUCKET, KEY, NOW.isoformat()]
    assert subprocess.run(command, check=False).returncode == -9
    with pytest.raises(Held), at(store[0], 59).claimed(KEY, 60):
        pytest.fail("taken while in force")
    done = []
    with at(store[0], 60).claimed(KEY, 60):
        done.append(1)
        with pytest.raises(Held), at(store[0], 61).claimed(KEY, 60):
            pytest.fail("taken by two")
    assert done == [1]
    with pytest.raises(Conflict), at(store[0], 200).claimed(KEY, 60):
        pytest.fail("done twice")


def test_work_that_fails_gives_its_claim_back(store: tuple[ObjectStore, str]) -> None:
    with pytest.raises(ValueError, match="no luck"), at(store[0], 0).claimed(KEY, 60):
        raise ValueError("no luck")
    with at(store[0], 1).claimed(KEY, 60):
        pass


def test_a_holder_that_outlives_its_claim_does_not_undo_the_next_one(store: tuple[ObjectStore, str]) -> None:
    with at(store[0], 0).claimed(KEY, 60), at(store[0], 61).claimed(KEY, 60):
        pass
    with pytest.raises(Conflict), at(store[0], 62).claimed(KEY, 60):
        pytest.fail("done twice")
