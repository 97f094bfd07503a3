"""Issue 9: a real day that was collected gives the predictions and grades of the same day dropped into the bucket.

Two meshes: one gets the corpus' documents of the day, the other collects them from fake sources.
Before the day, and for the injury reports (the corpus holds them as rows that no source sends), both get the corpus'.
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collect.bench import Bench
from tests.collect.fake_sources import FakeSources
from tests.collect.recorded import Recorded
from tests.collect.test_season import CORPUS, DAY, Landed, corpus_day, needs_corpus
from tests.support.table_digest import canonical_line, digest_columns
from tipoff import sources, tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Workflows
from tipoff_ops.build import find_project
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.upload import Upload, Uploader

SEASON_STARTS = date(2024, 10, 22)
COMPARED = ("nbac_player_boxscores", "odds_api_game_lines", "odds_api_player_props", "nbac_injury_report",
            "upcoming_player_game_context", "ml_feature_store_v2", "player_prop_predictions",
            "prediction_accuracy")  # fmt: skip
NOON, MORNING_AFTER = datetime(2024, 11, 2, 16, tzinfo=UTC), datetime(2024, 11, 3, 14, tzinfo=UTC)
OF_A_CLOUD = ("source_generation", "release")
LEAD = timedelta(minutes=60)

pytestmark = [pytest.mark.slow, needs_corpus, pytest.mark.timeout(900)]


def earlier_days() -> list[Landed]:
    """Documents of the season's dates before the day."""
    with zipfile.ZipFile(CORPUS) as corpus:
        return [Landed(name, MORNING_AFTER, corpus.read(name)) for name in corpus.namelist() if _is_earlier(name)]


def _is_earlier(name: str) -> bool:
    route = sources.route(name)
    return route is not None and route.day is not None and SEASON_STARTS <= route.day < DAY


@contextmanager
def cloud(folder: Path, sources_url: str | None) -> Iterator[LocalMesh]:
    mesh = LocalMesh(find_project(), folder, sources_url=sources_url)
    try:
        mesh.start()
        yield mesh
    finally:
        mesh.stop()


def land(mesh: LocalMesh, documents: Sequence[Landed]) -> None:
    uploader = Uploader(mesh)
    uploader.upload((Upload(one.object_name, one.body) for one in documents), lambda _: None)
    uploader.wait()


def is_given(one: Landed) -> bool:
    """Not collected on the day: reports, and one event's lines that were seen ten days before (not its schedule)."""
    is_early = one.observed_at < NOON - timedelta(days=1) and "/schedule/" not in one.object_name
    return "/injury-report/" in one.object_name or is_early


def is_final(one: Landed) -> bool:
    return one.object_name.startswith(("nba-com/boxscores/", "nba-com/play-by-play/"))


def play(mesh: LocalMesh, workflow: str, as_of: datetime) -> None:
    workflows = Workflows(mesh.settings, mesh.settings.region)
    argument: dict[str, str | int] = {
        "game_date": str(DAY),
        "as_of": as_of.isoformat().replace("+00:00", "Z"),
        "collect": False,
    }
    found = workflows.start(mesh.names.workflows[workflow].name, argument)
    while found.state in ("ACTIVE", "QUEUED", "STATE_UNSPECIFIED"):
        found = workflows.get(found.name)
    assert found.state == "SUCCEEDED" and json.loads(found.result)["outcome"] == "ok", (found.error, found.result)


def cutoff(mesh: LocalMesh) -> datetime:
    sql = "SELECT MAX(s.tipoff_at) AS at FROM nba_raw.nbac_schedule AS s WHERE s.game_date = @d"
    (row,) = Warehouse(mesh.settings, []).rows(sql, {"d": DAY}, dict[str, datetime])
    return row["at"] - LEAD


def rows(mesh: LocalMesh) -> dict[str, list[str]]:
    """Every row of the day, by table, without the volatile columns, the generations of this bucket and the release."""
    warehouse, found = Warehouse(mesh.settings, []), {}
    for name in COMPARED:
        table = tables.get(name)
        columns = [column for column in digest_columns(table) if column not in OF_A_CLOUD]
        sql = f"SELECT {', '.join(columns)} FROM {table.full_name} WHERE {table.spec.partition or 'game_date'} = @d"
        found[name] = sorted(canonical_line(row) for row in warehouse.rows(sql, {"d": DAY}, dict[str, Any]))
    return found


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The rows of the day whose documents were dropped into the bucket."""
    with cloud(tmp_path_factory.mktemp("handed"), None) as mesh:
        documents = corpus_day()
        land(mesh, [one for one in documents if not is_final(one)])
        land(mesh, earlier_days())
        play(mesh, "daily", cutoff(mesh))
        land(mesh, [one for one in documents if is_final(one)])
        play(mesh, "postgame", MORNING_AFTER)
        return rows(mesh)


def test_a_collected_day_gives_the_same_predictions(
    handed: dict[str, list[str]], recorded: Recorded, tmp_path: Path
) -> None:
    documents = corpus_day()
    with cloud(tmp_path, recorded.url) as mesh:
        sources = FakeSources(documents, NOON)
        sources.open(recorded)
        bench = Bench(mesh, recorded, sources, {one.object_name: one.body for one in documents})
        assert bench.collect("nbac_schedule", DAY, NOON, backfill=True)["outcome"] == "ok"
        land(mesh, [*earlier_days(), *(one for one in documents if is_given(one))])
        snapshot = {"snapshot_at": "2024-11-02T11:55:39Z"}
        assert bench.collect("odds_api_events", DAY, NOON, **snapshot)["outcome"] == "ok"
        assert bench.collect("odds_api_game_lines", DAY, NOON, **snapshot)["missing"] == []
        assert bench.collect("odds_api_player_props", DAY, NOON)["missing"] == []
        Uploader(mesh).wait()
        play(mesh, "daily", cutoff(mesh))
        for source in ("nbac_boxscore", "nbac_play_by_play"):
            assert bench.collect(source, DAY, MORNING_AFTER, backfill=True)["outcome"] == "ok"
        Uploader(mesh).wait()
        play(mesh, "postgame", MORNING_AFTER)
        collected = rows(mesh)
    assert all(handed.values())
    different = {name: (len(found), len(handed[name])) for name, found in collected.items() if found != handed[name]}
    assert not different, [next(iter(set(collected[n]) ^ set(handed[n]))) for n in different]
