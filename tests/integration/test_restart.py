"""A local cloud started again goes on: its data are there, its workflows find its functions, of one process or many."""

import json
import time
from datetime import date
from pathlib import Path

import pytest

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Workflows
from tipoff_ops.build import find_project
from tipoff_ops.local.cloud import running
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_sim import SMALL, Kind, League

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_second_start_continues(tmp_path: Path) -> None:
    season = League(31).season(date(2018, 10, 25), 2, SMALL)
    schedule = next(found for found in season if found.kind is Kind.SCHEDULE)
    with running(find_project(), tmp_path, isolate=False) as mesh:
        uploader = Uploader(mesh)
        uploader.upload([Upload(schedule.object_name, schedule.body)], lambda _: None)
        uploader.wait()
    with running(find_project(), tmp_path) as mesh:
        sql = "SELECT COUNT(*) AS n FROM nba_raw.nbac_schedule AS s WHERE s.game_date = @d"
        (row,) = Warehouse(mesh.settings, []).rows(sql, {"d": season.game_dates[0]}, dict[str, int])
        assert row["n"] > 0
        workflows = Workflows(mesh.settings, mesh.settings.region)
        argument: dict[str, str | int] = {"as_of": "2018-10-25T12:00:00Z", "start_missing": False}
        found = workflows.start(mesh.names.workflows["reconcile"].name, argument)
        while found.state in ("ACTIVE", "QUEUED"):
            time.sleep(0.1)
            found = workflows.get(found.name)
        assert found.state == "SUCCEEDED" and json.loads(found.result)["states"], found.error
