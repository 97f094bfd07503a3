"""What a backfill costs of BigQuery's quotas, read from the client's ledger.

The original: two single-row load jobs per run, until a table's partition modifications of a day were used up.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import islice
from pathlib import Path

import pytest
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.cloud.ledger import Peak, QuotaLedger
from tipoff.core.messages import ObjectFinalized
from tipoff.runtime.settings import IngestSettings
from tipoff.steps.ingest import ingest_object
from tipoff.steps.wiring import Wiring
from tipoff.tables import all_tables
from tipoff.tables.ddl import create_statements
from tipoff_local.identity import Identity
from tipoff_local.pubsub.server import PubsubServer
from tipoff_local.storage.server import StorageServer
from tipoff_sim import FULL, Document, League

PROJECT, BUCKET = "tipoff-quota", "quota-landing"
WORKERS = 32  # as many requests as one instance of ingest takes at once
LOGS = ["object_receipts_log", "quarantine_log"]
LANDING = [table for table in all_tables() if table.kind == "landing"]


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Wiring[IngestSettings]]:
    """An `ingest` with real clients against servers of its own."""
    warehouse = SmallWarehouse(tmp_path / "warehouse", LOGS, PROJECT)
    for statement in create_statements(LANDING):
        warehouse.run(statement)
    storage = StorageServer(tmp_path / "storage")
    pubsub = PubsubServer(tmp_path / "pubsub", Identity(tmp_path / "identity"))
    storage.start()
    pubsub.start()
    for topic in ("raw-ready", "alerts"):
        pubsub.create_topic(f"projects/{PROJECT}/topics/{topic}")
    opened = Wiring(
        IngestSettings(
            project_id=PROJECT, project_number="1", region="us-west2", environment="local", release="r", threads=250,
            bucket_landing=BUCKET, bucket_quarantine=f"{BUCKET}-held", dataset_nba_landing="nba_landing",
            dataset_nba_ops="nba_ops", topic_raw_ready="raw-ready", topic_alerts="alerts",
            storage_emulator_host=storage.url, pubsub_emulator_host=pubsub.endpoint,
            bigquery_emulator_host=warehouse.rest_url, bigquery_storage_emulator_host=warehouse.grpc_address,
        )
    )  # fmt: skip
    for bucket in (BUCKET, f"{BUCKET}-held"):
        opened.store._client.create_bucket(bucket)
    yield opened
    opened.warehouse.close()
    pubsub.stop()
    storage.stop()
    warehouse.stop()


def backfill(context: Wiring[IngestSettings], documents: Iterable[Document]) -> tuple[int, QuotaLedger]:
    """Land and ingest the documents, as many at once as an instance does; how many were taken in, and the ledger."""

    def one(document: Document) -> str:
        generation = context.store.write(BUCKET, document.object_name, document.body)
        event = ObjectFinalized(BUCKET, document.object_name, generation)
        return ingest_object(context, event, len(document.body)).outcome

    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = list(pool.map(one, documents))
    assert set(outcomes) <= {"accepted", "ignored"}, "a postponed game's box score is not final"
    assert outcomes.count("accepted") > 0.99 * len(outcomes)
    return len(outcomes), context.warehouse.ledger


def check(ledger: QuotaLedger, objects: int) -> None:
    """Nothing but appends, in groups, and less than a tenth of every quota."""
    assert not ledger.load_jobs and not ledger.dml_statements and not ledger.queries and not ledger.streams_created
    assert {name: share for name, share in ledger.shares().items() if share >= 0.1} == {}
    assert 0 < ledger.appends["nba_ops.object_receipts_log"] < objects, "receipts share appends"
    assert ledger.appended_rows["nba_ops.object_receipts_log"] == objects


def test_objects_cost_appends_in_groups_and_no_job(context: Wiring[IngestSettings]) -> None:
    objects, ledger = backfill(context, islice(League(7).season(date(2006, 10, 22), 3), 80))

    check(ledger, objects)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_season_of_12000_objects_uses_less_than_a_tenth_of_any_quota(context: Wiring[IngestSettings]) -> None:
    objects, ledger = backfill(context, League(7).season(date(2006, 10, 22), 176, FULL))

    assert objects >= 12_000
    check(ledger, objects)


def test_the_ledger_shows_what_would_exceed_a_quota() -> None:
    ledger = QuotaLedger()
    for _ in range(13):
        ledger.count_rebuild("nba_analytics.slate")
    ledger.load_jobs["nba_ops.run_history"] = 1500

    assert ledger.shares()["dml_per_table_in_10_s"] > 1
    assert ledger.shares()["load_jobs_per_table_and_day"] == 1


def test_a_peak_is_the_greatest_sum_of_any_window() -> None:
    peak = Peak(10.0)
    for at_s, amount in ((0.0, 5), (9.0, 5), (10.0, 1), (25.0, 8)):
        peak.add(amount, at_s)

    assert peak.greatest == 10
