"""An outage of five minutes ends without a dead letter and without a lost document."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.support.ports import free_port

from tipoff_ops.build import find_project
from tipoff_ops.intake.send import Intake, IntakeMesh
from tipoff_ops.local.ports import Ports
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
    """A mesh whose warehouse keeps its ports when it is started again."""
    ports = Ports(bigquery=free_port(), bigquery_storage=free_port())
    mesh = IntakeMesh(
        find_project(), folder, isolate=False, warehouse_threads=1, backoff_scale=scale, ports=ports
    )  # fmt: skip
    try:
        mesh.start()
        yield mesh
    finally:
        mesh.stop()


@contextmanager
def outage(mesh: IntakeMesh) -> Iterator[None]:
    """The warehouse refuses every connection while the block runs."""
    mesh.warehouse.stop()
    yield
    mesh.warehouse.start()
