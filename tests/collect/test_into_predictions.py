"""End to end: the sources answer, the workflows collect, and predictions and grades follow. No document is handed in.

The morning's schedule, the lines before tip-off and the finals come from the recorded sources alone; the days before,
and the injury reports (the simulator has no PDFs), are landed as they are.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.collect.fake_sources import FakeSources
from tests.collect.recorded import Recorded
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Workflows
from tipoff_local.scheduler.server import Tick
from tipoff_ops.build import find_project
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_sim import SMALL, League

pytestmark = pytest.mark.slow

FIRST, DAYS = date(2018, 11, 1), 4
COLLECTED = ("nba-com/schedule", "nba-com/boxscores", "nba-com/play-by-play", "odds-api/")


@dataclass
class Day:
    """The last day of a small league, on a whole mesh with sources."""

    mesh: LocalMesh
    sources: FakeSources
    recorded: Recorded
    day: date
    tips: list[datetime]

    def run(self, workflow: str, as_of: datetime, **argument: Any) -> dict[str, Any]:
        self.sources.now = as_of
        workflows = Workflows(self.mesh.settings, self.mesh.settings.region)
        told = {"game_date": str(self.day), "as_of": as_of.isoformat().replace("+00:00", "Z"), **argument}
        execution = workflows.start(self.mesh.names.workflows[workflow].name, told)
        while execution.state in ("ACTIVE", "QUEUED", "STATE_UNSPECIFIED"):
            execution = workflows.get(execution.name)
        assert execution.state == "SUCCEEDED", execution.error
        found: dict[str, Any] = json.loads(execution.result or "{}")
        return found

    def count(self, sql: str) -> int:
        (row,) = Warehouse(self.mesh.settings, []).rows(sql, {"game_date": self.day}, dict[str, int])
        return row["n"]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, recorded_server: Recorded) -> Iterator[Day]:
    season = League(23).season(FIRST, DAYS, SMALL)
    last = season.game_dates[-1]
    morning = datetime(last.year, last.month, last.day, 9, tzinfo=UTC)
    documents = list(season)
    by_hand = [one for one in documents if one.observed_at < morning or not one.object_name.startswith(COLLECTED)]
    mesh = LocalMesh(find_project(), tmp_path_factory.mktemp("mesh"), sources_url=recorded_server.url)
    try:
        mesh.start()
        uploader = Uploader(mesh)
        uploader.upload(
            (Upload(one.object_name, one.body) for one in by_hand if one.observed_at < morning), lambda _: None
        )
        uploader.wait()
        recorded_server.reset()
        sources = FakeSources(documents, morning)
        sources.open(recorded_server)
        sql = "SELECT s.tipoff_at AS at FROM nba_raw.nbac_schedule AS s WHERE s.game_date = @game_date"
        rows = Warehouse(mesh.settings, []).rows(sql, {"game_date": last}, dict[str, datetime])
        yield Day(mesh, sources, recorded_server, last, sorted(row["at"] for row in rows))
    finally:
        mesh.stop()


def test_the_sources_become_predictions_and_grades(day: Day) -> None:
    as_of = day.tips[0] - timedelta(minutes=45)
    before = day.run("daily", as_of, collect=True, lead_minutes=30)
    assert (before["outcome"], before["collected"]["outcome"]) == ("ok", "partial")
    assert before["collected"]["failed"] == [
        "nbac_injury_report_pdf"
    ]  # the fake sources have no such page: it degrades
    accounts = {one["source"]: one for one in before["collected"]["accounts"]}
    assert accounts["odds_api_player_props"]["landed"]
    assert accounts["odds_api_player_props"]["pending"] == 0
    lined = "SELECT COUNT(*) AS n FROM nba_predictions.player_prop_predictions AS p WHERE p.game_date = @game_date"
    assert day.count(f"{lined} AND p.is_active AND p.has_prop_line") > 0
    after = day.run("postgame", day.tips[-1] + timedelta(hours=12))
    assert (after["outcome"], after["collected"]["outcome"]) == ("ok", "ok")
    graded = "SELECT COUNT(*) AS n FROM nba_predictions.prediction_accuracy AS a WHERE a.game_date = @game_date"
    assert day.count(f"{graded} AND a.actual_points IS NOT NULL") > 0


def test_the_schedules_of_the_mesh_collect_by_themselves(day: Day) -> None:
    """The clock goes over the last tick before the last game closes: `collect` fires, asks what is due, and fetches."""
    tip = day.tips[-1]
    closing = tip - timedelta(minutes=5)
    day.sources.now = closing
    asked = len(day.recorded.requests)
    fired = day.mesh.tick(Tick(closing, closing - timedelta(minutes=1)))
    assert [delivery.firing.name for delivery in fired if delivery.succeeded] == ["collect-local"]
    assert any(request.path.endswith("/odds") for request in day.recorded.requests[asked:])
    sql = "SELECT COUNT(*) AS n FROM nba_ops.collections AS c WHERE c.game_date = @game_date"
    at = f"{closing:%Y-%m-%d %H:%M:%S}+00"
    assert day.count(f"{sql} AND c.source = 'odds_api_player_props' AND c.started_at = TIMESTAMP '{at}'") == 1
