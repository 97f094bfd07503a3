"""A batch is started once, and a starter that was killed half-way holds nobody up for longer than its lock."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.sql.games import Game
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.cloud.failpoints import arm
from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import Conflict, NotReady
from tipoff.runtime.settings import PredictStartSettings
from tipoff.steps.predict_start import START_LOCK, Start, start
from tipoff.steps.wiring import StateWiring
from tipoff.tables import get, landing
from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer

NAMES = (
    "upcoming_player_game_context", "ml_feature_store_v2", "prediction_batches", "prediction_skips_log",
    "player_prop_predictions_log",
)  # fmt: skip
NOW = datetime(2025, 1, 15, 17, tzinfo=UTC)
PROJECT = "tipoff-tests"
TOPIC = "prediction-request"
BUCKET = "state"
PLAYERS = range(1, 6)
START_S = START_LOCK.total_seconds()


@dataclass
class World:
    """One game a day, five players of it with features, and the endpoints of a coordinator."""

    warehouse: SmallWarehouse
    settings: dict[str, str]

    def context(self, seconds: float = 0) -> StateWiring[PredictStartSettings]:
        return opened(self.settings, NOW + timedelta(seconds=seconds))

    def rows(self, day: date) -> list[dict[str, object]]:
        batches = "nba_predictions.prediction_batches AS b WHERE b.game_date = @day"
        return self.warehouse.run(f"SELECT b.batch_id, b.expected_players FROM {batches}", day=day)


def opened(settings: dict[str, str], now: datetime) -> StateWiring[PredictStartSettings]:
    """The coordinator with its clock at an instant."""
    return StateWiring(PredictStartSettings(threads=8, **settings), lambda: now)


def die(point: str, settings: str, day: str, now: str) -> None:
    """Run `/start` in this process and be killed at the point."""
    context = opened(json.loads(settings), datetime.fromisoformat(now))
    arm(point, "local")
    start(context, Start(game_date=date.fromisoformat(day), as_of=NOW))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("start")
    warehouse = SmallWarehouse(folder / "warehouse", NAMES, PROJECT)
    storage = StorageServer(folder / "storage")
    pubsub = PubsubServer(folder / "pubsub", Identity(folder / "identity"))
    storage.start()
    pubsub.start()
    for topic in (TOPIC, "alerts"):
        pubsub.create_topic(f"projects/{PROJECT}/topics/{topic}")
    settings = {
        "project_id": PROJECT, "project_number": "1", "region": "us-west2", "environment": "local", "release": "r",
        "bucket_state": BUCKET, "topic_prediction_request": TOPIC, "topic_alerts": "alerts",
        "workflow_predict": "predict", "storage_emulator_host": storage.url, "pubsub_emulator_host": pubsub.endpoint,
        "bigquery_emulator_host": warehouse.rest_url, "bigquery_storage_emulator_host": warehouse.grpc_address,
        "workflows_emulator_host": "127.0.0.1:9",
        **{f"dataset_{name}": name for name in
           ("nba_raw", "nba_analytics", "nba_predictions", "nba_ops")},
    }  # fmt: skip
    ObjectStore(PredictStartSettings(threads=8, **settings))._client.create_bucket(BUCKET)
    yield World(warehouse, settings)
    pubsub.stop()
    storage.stop()
    warehouse.stop()


def slate(world: World, day: date, number: int) -> date:
    """A date with one game and its players."""
    game = Game(day, number)
    world.warehouse.put(landing("nbac_schedule"), game.schedule())
    keys = {"game_date": day, "game_id": game.game_id, "nba_game_id": game.nba_game_id, "season_year": 2024,
            "cutoff_at": NOW.isoformat(), "team_abbr": "BOS"}  # fmt: skip
    players = [keys | {"player_id": n, "player_lookup": f"player{n}"} for n in PLAYERS]
    context = get("upcoming_player_game_context")
    world.warehouse.put(context, *(row | {"slate_status": "active"} for row in players))
    world.warehouse.put(get("ml_feature_store_v2"), *players)
    return day


@pytest.mark.parametrize("point", ["bigquery.append:before", "bigquery.append:after", "pubsub.publish:before"])
def test_a_starter_that_was_killed_is_followed_by_the_next_one(world: World, point: str) -> None:
    """Killed between its lock and its batch row, `/start` refused that as-of until it was forced."""
    number = ["bigquery.append:before", "bigquery.append:after", "pubsub.publish:before"].index(point)
    day = slate(world, date(2025, 1, 20 + number), 20 + number)
    command = [sys.executable, "-c", "import sys; from tests.sql.test_predict_start import die; die(*sys.argv[1:])"]
    arguments = [point, json.dumps(world.settings), str(day), NOW.isoformat()]
    died = subprocess.run(command + arguments, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert died.returncode == -9, died.stderr.decode()
    request = Start(game_date=day, as_of=NOW)
    with pytest.raises(NotReady, match="BEING_STARTED"):
        start(world.context(START_S - 1), request)
    started = start(world.context(START_S), request)
    assert started.published == started.total_requests == 1
    assert world.rows(day) == [{"batch_id": started.batch_id, "expected_players": len(PLAYERS)}]
    with pytest.raises(Conflict, match="ALREADY_RUNNING") as refused:
        start(world.context(2 * START_S), request)
    assert refused.value.facts == {"batch_id": started.batch_id}


def test_another_batch_of_the_date_waits_for_the_first_unless_forced(world: World) -> None:
    day = slate(world, date(2025, 1, 25), 25)
    first = start(world.context(), Start(game_date=day, as_of=NOW))
    later = Start(game_date=day, as_of=NOW + timedelta(minutes=1))
    with pytest.raises(Conflict, match="still running"):
        start(world.context(1), later)
    forced = start(world.context(2), msgspec.structs.replace(later, force=True))
    assert forced.batch_id != first.batch_id
    assert len(world.rows(day)) == 2


def test_a_player_who_left_the_slate_is_skipped_by_the_next_batch(world: World) -> None:
    """He was predicted in the morning and traded before the evening: nobody else would end his prediction."""
    day = slate(world, date(2025, 1, 28), 28)
    game = Game(day, 28)
    gone = {"game_date": day, "game_id": game.game_id, "nba_game_id": game.nba_game_id, "player_id": 99,
            "player_lookup": "player99", "team_abbr": "BOS", "system_id": "ensemble"}  # fmt: skip
    world.warehouse.put(get("player_prop_predictions_log"), gone, gone | {"player_id": 1, "player_lookup": "player1"})
    start(world.context(), Start(game_date=day, as_of=NOW))
    skips = "nba_predictions.prediction_skips_log AS s WHERE s.game_date = @day"
    rows = world.warehouse.run(f"SELECT s.player_id, s.reason, s.cutoff_at FROM {skips}", day=day)
    assert rows == [{"player_id": 99, "reason": "not_on_slate", "cutoff_at": NOW}]
    assert [row["expected_players"] for row in world.rows(day)] == [len(PLAYERS) + 1]
