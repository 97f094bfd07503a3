"""An outage of five minutes ends without a dead letter and without a lost document."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tipoff_local.bigquery import Warehouse
from tipoff_ops.build import find_project
from tipoff_ops.intake.send import Intake, IntakeMesh
from tipoff_ops.local.project import PROJECT_ID
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_sim import SMALL, League

OUTAGE_S = 300.0


@pytest.mark.parametrize("scale", [0.02, pytest.param(1.0, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])])
def test_an_outage_of_five_minutes_ends_without_a_dead_letter(tmp_path: Path, scale: float) -> None:
    """BigQuery is away while documents arrive. With five attempts, 8 s apart at most, all were dead after 15 s."""
    league = League(53).season(date(2018, 11, 1), 2, SMALL)
    uploads = [Upload(found.object_name, found.body) for found in league]
    with running_intake(tmp_path, scale) as mesh:
        with outage(mesh):
            sent = list(Uploader(mesh).upload_each(uploads))
            time.sleep(OUTAGE_S * scale)
            held = mesh.pubsub.backlog(mesh.names.subscription_path("ingest"))
        Uploader(mesh).wait()
        report = Intake(mesh).report(sent, datetime.now(UTC).date())
        dead = mesh.pubsub.backlog(mesh.names.subscription_path("dead-letters-hold"))
    assert held == len(uploads) > 20
    assert (dead, report.outcomes()) == (0, {"accepted": len(uploads)})


@contextmanager
def running_intake(folder: Path, scale: float) -> Iterator[IntakeMesh]:
    mesh = IntakeMesh(find_project(), folder, isolate=False, warehouse_threads=1, backoff_scale=scale)
    try:
        mesh.start()
        yield mesh
    finally:
        mesh.stop()


@contextmanager
def outage(mesh: IntakeMesh) -> Iterator[None]:
    """The warehouse refuses every connection while the block runs."""
    rest_port = urlsplit(mesh.warehouse.rest_url).port or 0
    grpc_port = int(mesh.warehouse.grpc_address.rpartition(":")[2])
    mesh.warehouse.stop()
    yield
    mesh.warehouse = Warehouse(
        mesh.folder / "bigquery", PROJECT_ID, storage_url=mesh.storage.url, rest_port=rest_port, grpc_port=grpc_port,
        threads=1,
    )  # fmt: skip
    mesh.warehouse.start()
