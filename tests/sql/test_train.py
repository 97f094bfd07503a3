"""Train reads the feature store as of a cutoff, keeps bytes under their digest, and puts no worse model in force."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from google.cloud import bigquery
from tests.sql.small_warehouse import EMPTY, SmallWarehouse

from tipoff import tables
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import ContractViolation, NotFound, NotReady
from tipoff.forecast import training
from tipoff.runtime.settings import TrainSettings
from tipoff.steps.models.store import ModelStore, ModelWiring
from tipoff.steps.train import Activate, Train, activate, train
from tipoff.tables.features import features
from tipoff_local.storage.server import StorageServer

NAMES = ("ml_feature_store_v2", "player_game_summary_history", "player_reference_line_history",
         "upcoming_player_game_context", "model_registry")  # fmt: skip
FIRST = date(2024, 10, 22)
DAYS, PLAYERS = 60, 12
CUTOFF = date(2024, 12, 15)
AS_OF = datetime(2024, 12, 15, 10, tzinfo=UTC)
BUCKET = "models"
KNOWN = "2024-10-01T00:00:00Z"
FOREVER = "9999-12-31T00:00:00Z"


class Quiet:
    """Alerts are heard and go nowhere."""

    def __init__(self) -> None:
        self.alerts: list[str] = []

    def alert(self, kind: str, subject: str, message: str) -> None:
        self.alerts.append(kind)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelWiring[TrainSettings]]:
    folder = tmp_path_factory.mktemp("train")
    warehouse = SmallWarehouse(folder / "warehouse", NAMES)
    storage = StorageServer(folder / "storage", lambda *message: None)
    storage.start()
    settings = train_settings(warehouse, storage)
    ObjectStore(settings)._client.create_bucket(BUCKET)
    fill(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "MIN_TRAINING_ROWS", 250)
        opened = ModelWiring(settings, lambda: AS_OF)
        opened.ops = Quiet()  # type: ignore[assignment]
        yield opened
    storage.stop()
    warehouse.stop()


def train_settings(warehouse: SmallWarehouse, storage: StorageServer) -> TrainSettings:
    return TrainSettings(
        project_id="local", project_number="1", region="us-west2", environment="local", release="r", threads=1,
        bucket_models=BUCKET, dataset_nba_raw="nba_raw", dataset_nba_analytics="nba_analytics",
        dataset_nba_predictions="nba_predictions",
        dataset_nba_ops="nba_ops", topic_alerts="alerts", storage_emulator_host=storage.url,
        bigquery_emulator_host=warehouse.rest_url, bigquery_storage_emulator_host=warehouse.grpc_address,
        pubsub_emulator_host="127.0.0.1:9",
    )  # fmt: skip


def fill(settings: TrainSettings) -> None:
    """A small league: what a player scores follows his recent average."""
    random = np.random.Generator(np.random.PCG64(3))
    stored, played = [], []
    for day in range(DAYS):
        for player in range(1, PLAYERS + 1):
            level = 4.0 + player + float(random.normal())
            known = {"points_ewma": level, "points_avg_last_5": level, "points_avg_last_10": level}
            values = [float(known.get(f.name, random.normal())) for f in features()]
            stored.append(store_row(FIRST + timedelta(days=day), player, values))
            played.append(played_row(FIRST + timedelta(days=day), player, int(random.poisson(level))))
    with bigquery_client(settings) as client:
        for name, rows in (("ml_feature_store_v2", stored), ("player_game_summary_history", played)):
            table = f"local.{tables.get(name).full_name}"
            config = bigquery.LoadJobConfig(schema=client.get_table(table).schema)
            client.load_table_from_json(rows, table, job_config=config).result()


def store_row(day: date, player: int, values: list[float]) -> dict[str, object]:
    named = [
        {"name": f.name, "value": v, "quality": 1.0, "source": "own"} for f, v in zip(features(), values, strict=True)
    ]
    kept = {"game_date": day.isoformat(), "nba_game_id": f"00224{day:%m%d}", "player_id": player, "features": named}
    return required("ml_feature_store_v2") | kept | {"season_year": 2024, "feature_quality_score": 90.0}


def played_row(day: date, player: int, points: int) -> dict[str, object]:
    kept = {"game_date": day.isoformat(), "nba_game_id": f"00224{day:%m%d}", "player_id": player, "points": points}
    known = {"known_from_at": KNOWN, "known_to_at": FOREVER, "seconds_tenths": 18000}
    return required("player_game_summary_history") | kept | known


def required(name: str) -> dict[str, object]:
    return {c.name: EMPTY[c.type] for c in tables.get(name).columns if c.mode == "REQUIRED"}


def test_the_first_model_is_stored_registered_and_activated(context: ModelWiring[TrainSettings]) -> None:
    with pytest.raises(NotReady):
        train(context, Train(FIRST, AS_OF))  # nothing lies before it

    trained = train(context, Train(CUTOFF, AS_OF))
    assert (trained.outcome, trained.reason) == ("activated", "no_incumbent")
    assert trained.training_rows == (CUTOFF - FIRST).days * PLAYERS  # not one row of the cutoff's date
    assert trained.judged is not None
    assert trained.judged.last_date < CUTOFF

    bundle = context.models.bundle_for(CUTOFF, AS_OF + timedelta(seconds=1))
    assert (bundle.digest, bundle.trained_before) == (trained.digest, CUTOFF)
    figures = json.loads(context.store.read(BUCKET, f"bundles/{trained.digest}.metrics.json").data)
    assert figures["judged"]["n"] == trained.judged.n


def test_the_same_inputs_give_the_same_bytes_and_no_date_before_the_cutoff_uses_them(
    context: ModelWiring[TrainSettings],
) -> None:
    first = train(context, Train(CUTOFF, AS_OF))
    again = train(context, Train(CUTOFF, AS_OF, activate=False))
    assert (again.digest, again.outcome) == (first.digest, "kept")
    assert not context.models.bundle_for(
        CUTOFF - timedelta(days=1), AS_OF + timedelta(days=9)
    ).parts  # docs/pitfalls.md#23
    assert not context.models.bundle_for(CUTOFF, AS_OF).parts  # not known before it was trained


def test_a_weekly_refit_replaces_and_rollback_is_one_call(context: ModelWiring[TrainSettings]) -> None:
    first = train(context, Train(CUTOFF, AS_OF))
    later = AS_OF + timedelta(days=5)
    second = train(context, Train(CUTOFF + timedelta(days=5), later))
    assert (second.outcome, second.digest != first.digest) == ("activated", True)
    game_date = CUTOFF + timedelta(days=6)
    assert context.models.bundle_for(game_date, later + timedelta(hours=1)).digest == second.digest

    now = later + timedelta(days=1)
    back = activate(ModelWiring(context.settings, lambda: now), Activate(first.digest[:16], "second looks wrong"))
    assert back.digest == first.digest
    assert context.models.bundle_for(game_date, now + timedelta(seconds=1)).digest == first.digest
    with pytest.raises(NotFound):
        activate(context, Activate("0" * 64))


def test_bytes_that_are_not_those_of_the_digest_are_refused_and_missing_ones_wait(
    context: ModelWiring[TrainSettings], tmp_path: Path
) -> None:
    trained = train(context, Train(CUTOFF, AS_OF))
    name = f"bundles/{trained.digest}.json"
    kept = context.store.read(BUCKET, name)
    models = ModelStore(context.warehouse, context.store, BUCKET)
    generation = context.store.write(BUCKET, name, kept.data + b" ")
    with pytest.raises(ContractViolation, match="model_digest_differs"):
        models.load(name, trained.digest)
    context.store.delete(BUCKET, name, generation)
    with pytest.raises(NotReady):
        models.load(name, trained.digest)
    context.store.write(BUCKET, name, kept.data)
