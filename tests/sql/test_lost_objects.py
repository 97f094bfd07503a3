"""An object whose message was lost is found by its missing receipt, told once, and sent to `ingest` again."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.cloud.storage import ObjectStore
from tipoff.runtime.settings import ReconcileSettings
from tipoff.steps.lost_objects import RECEIPT_AFTER, ingest_lost_objects
from tipoff.steps.wiring import StateWiring
from tipoff.tables import get
from tipoff_local.identity import Identity
from tipoff_local.pubsub import PubsubServer
from tipoff_local.storage import StorageServer

PROJECT, BUCKET, TOPIC = "tipoff-tests", "landing", "landing-objects"
LATER = timedelta(hours=1)


class Bucket:
    """A landing bucket, and the receipts of its objects."""

    def __init__(self, warehouse: SmallWarehouse, settings: ReconcileSettings) -> None:
        self.warehouse = warehouse
        self.settings = settings
        self.store = ObjectStore(settings)

    def land(self, name: str) -> int:
        return self.store.write(BUCKET, name, b"{}")

    def receive(self, name: str, generation: int) -> None:
        now = datetime.now(UTC)
        row = {"source_object": name, "source_generation": generation, "received_at": now, "received_date": now.date()}
        self.warehouse.put(get("object_receipts_log"), row)

    def lost(self, after: timedelta) -> tuple[str, ...]:
        now = datetime.now(UTC) + after
        return ingest_lost_objects(StateWiring(self.settings, lambda: now), now)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    folder: Path = tmp_path_factory.mktemp("lost")
    warehouse = SmallWarehouse(folder / "warehouse", ["object_receipts", "quarantine"], PROJECT)
    storage = StorageServer(folder / "storage")
    pubsub = PubsubServer(folder / "pubsub", Identity(folder / "identity"))
    storage.start()
    pubsub.start()
    for topic in (TOPIC, "alerts"):
        pubsub.create_topic(f"projects/{PROJECT}/topics/{topic}")
    names: dict[str, Any] = {each.name: "unused" for each in fields(ReconcileSettings)} | {
        "project_id": PROJECT, "project_number": "1", "region": "us-west2", "environment": "local", "release": "r",
        "bucket_landing": BUCKET, "topic_landing_objects": TOPIC, "topic_alerts": "alerts",
        "storage_emulator_host": storage.url, "pubsub_emulator_host": pubsub.endpoint,
        "bigquery_emulator_host": warehouse.rest_url, "bigquery_storage_emulator_host": warehouse.grpc_address,
        "workflows_emulator_host": "127.0.0.1:9", "sources_emulator_host": None,
    }  # fmt: skip
    settings = ReconcileSettings(**names)
    ObjectStore(settings)._client.create_bucket(BUCKET)
    yield Bucket(warehouse, settings)
    pubsub.stop()
    storage.stop()
    warehouse.stop()


def test_only_an_object_without_a_receipt_of_its_generation_is_lost(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def publish_all(_self: Any, topic: str, messages: Any, _attributes: Any = None) -> list[str]:
        sent.append((topic, msgspec.to_builtins(messages)))
        return [""]

    monkeypatch.setattr("tipoff.cloud.pubsub.Topics.publish_all", publish_all)
    bucket.receive("received.json", bucket.land("received.json"))
    bucket.receive("superseded.json", bucket.land("superseded.json"))
    newer = bucket.land("superseded.json")
    bucket.land("lost.json")

    assert bucket.lost(timedelta(0)) == (), "its message may still come"
    assert bucket.lost(RECEIPT_AFTER + LATER) == ("lost.json", "superseded.json")
    announced = [m for topic, messages in sent if topic == TOPIC for m in messages.values()]
    objects = {(one["name"], one["generation"]) for message in announced for one in message["objects"]}
    assert ("superseded.json", newer) in objects
    assert {name for name, _ in objects} == {"lost.json", "superseded.json"}
    alerts = [messages for topic, messages in sent if topic == "alerts"]
    assert "2 objects have no receipt" in str(alerts)

    bucket.receive("superseded.json", newer)
    assert bucket.lost(RECEIPT_AFTER + LATER) == ("lost.json",)
    assert bucket.lost(timedelta(days=3)) == (), "older than two days"
