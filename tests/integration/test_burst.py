"""A burst of documents and a `reprocess` at once: the workflow is not starved, and no message is a dead letter."""

import json
import time
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tipoff.cloud.workflows import Workflows
from tipoff_ops.build import find_project
from tipoff_ops.local.cloud import LocalMesh, running
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_sim import SMALL, League

FIRST = date(2023, 11, 1)


def reprocessed(mesh: LocalMesh, first: date, last: date) -> Any:
    """The result of a `reprocess` of the dates up to their feature store."""
    workflows = Workflows(mesh.settings, mesh.settings.region)
    argument: dict[str, str | int] = {"start_date": str(first), "end_date": str(last), "to_step": "precompute"}
    found = workflows.start(mesh.names.workflows["reprocess"].name, argument)
    while found.state in ("ACTIVE", "QUEUED"):
        time.sleep(0.2)
        found = workflows.get(found.name)
    assert found.state == "SUCCEEDED", found.error
    return json.loads(found.result)


def dead_letters(mesh: LocalMesh) -> int:
    return mesh.pubsub.backlog(mesh.names.subscription_path("dead-letters-hold"))


def test_a_few_hundred_documents_and_a_reprocess_at_once(mesh: LocalMesh) -> None:
    season = League(71).season(FIRST, 4, SMALL)
    before = dead_letters(mesh)
    Uploader(mesh).upload([Upload(found.object_name, found.body) for found in season], lambda _: None)
    result = reprocessed(mesh, season.game_dates[0], season.game_dates[-1])
    Uploader(mesh).wait()
    assert (result["outcome"], dead_letters(mesh)) == ("ok", before)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_bootstrap_of_5000_objects_and_a_reprocess_at_once(tmp_path: Path) -> None:
    """Without a bound the messages of the bootstrap hold every thread of `analyze` until they are rebuilt."""
    season = League(72).season(FIRST, 160, SMALL)
    uploads = list(islice((Upload(found.object_name, found.body) for found in season), 5_000))
    with running(find_project(), tmp_path, warehouse_threads=1) as mesh:
        began_s = time.monotonic()
        Uploader(mesh).upload(uploads, lambda _: None)
        uploaded_s = time.monotonic() - began_s
        result = reprocessed(mesh, season.game_dates[0], season.game_dates[20])
        reprocessed_s = time.monotonic() - began_s
        Uploader(mesh).wait()
        drained_s = time.monotonic() - began_s
        print(
            f"{len(uploads)} uploaded {uploaded_s:.0f} s, reprocessed {reprocessed_s:.0f} s, drained {drained_s:.0f} s"
        )
        assert (len(uploads), result["outcome"], dead_letters(mesh)) == (5_000, "ok", 0)
