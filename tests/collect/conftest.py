"""The recorded-source server, and a client of it that never waits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tests.collect.bench import CollectMesh
from tests.collect.recorded import Recorded
from tipoff.cloud.http import SourceClient
from tipoff.cloud.retrying_client import RetryingClient
from tipoff.core.collect.limits import Budget
from tipoff_ops.build import find_project

KEYS = {
    "odds_api_key": "odds-key-of-a-test",
    "balldontlie_key": "bdl-key-of-a-test",
}
USER_AGENT = "Tipoff/test (basketball forecasts; Google Cloud project p)"
NOW = datetime(2024, 11, 3, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Places:
    """Where a local cloud's servers are."""

    storage_emulator_host: str | None
    sources_emulator_host: str | None


@dataclass
class Time:
    """A clock that only sleeping moves."""

    seconds: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.seconds += seconds

    def elapsed(self) -> float:
        return self.seconds


@pytest.fixture(scope="session")
def recorded_server() -> Iterator[Recorded]:
    server = Recorded()
    yield server
    server.stop()


@pytest.fixture
def recorded(recorded_server: Recorded) -> Recorded:
    recorded_server.reset()
    return recorded_server


@pytest.fixture
def source_client(recorded: Recorded) -> Iterator[SourceClient]:
    found = SourceClient(Places("http://x", recorded.url), KEYS, USER_AGENT, lambda: NOW)
    yield found
    found.close()


@pytest.fixture
def moment() -> Time:
    return Time()


type MakeClient = Callable[..., RetryingClient]


@pytest.fixture
def client(source_client: SourceClient, moment: Time) -> MakeClient:
    """`client(requests=, credits=, credits_left=)`: jitter stands in the middle."""

    def make(requests: int = 100, credits: int = 100, credits_left: int | None = None) -> RetryingClient:
        return RetryingClient(
            source_client, Budget(requests, credits), credits_left, moment.sleep, lambda: 0.5, moment.elapsed
        )

    return make


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory, recorded_server: Recorded) -> Iterator[CollectMesh]:
    """One for all tests of this folder that need it; each has dates of its own."""
    started = CollectMesh(find_project(), tmp_path_factory.mktemp("collect"), sources_url=recorded_server.url)
    try:
        started.start()
        yield started
    finally:
        started.stop()
