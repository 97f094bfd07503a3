"""A day of real documents through the collectors, byte for byte; a season within its budget, resumed after a stop."""

import os
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.collect.bench import Bench, CollectMesh
from tests.collect.fake_sources import FakeSources
from tests.collect.recorded import ODDS, REPORTS, Recorded
from tipoff import sources
from tipoff.steps.collect.context import Collect, Collected
from tipoff_ops.intake.collect_dates import Collector, CollectRange, CollectTotals, collect_dates
from tipoff_ops.local.project import OPERATOR
from tipoff_sim import SMALL, League

FOLDER = Path(os.environ.get("TIPOFF_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
CORPUS, CAPTURES = FOLDER / "landing-2024-25.zip", FOLDER / "true-captures.zip"
DAY = date(2024, 11, 2)
needs_corpus = pytest.mark.skipif(not CORPUS.is_file(), reason="the corpus is not there: set TIPOFF_CORPUS")


@dataclass(frozen=True)
class Landed:
    """A document of the corpus."""

    object_name: str
    observed_at: datetime
    body: bytes


def corpus_day() -> list[Landed]:
    """The documents of one date, and the season's first schedule."""
    with zipfile.ZipFile(CORPUS) as corpus:
        names = [name for name in corpus.namelist() if f"/{DAY}/" in name or "/20241008T120000Z" in name]
        return [Landed(name, _instant(name), corpus.read(name)) for name in names]


def _instant(name: str) -> datetime:
    route = sources.route(name)
    assert route is not None
    assert route.captured_at is not None
    return route.captured_at


@needs_corpus
@pytest.mark.slow
def test_a_real_day_lands_byte_for_byte_under_the_same_names(mesh: CollectMesh, recorded: Recorded) -> None:
    """Everything the date has but its injury reports, which the corpus holds as parsed rows and no source sends."""
    documents = corpus_day()
    sources = FakeSources(documents, datetime(2024, 11, 2, 16, tzinfo=UTC))
    sources.open(recorded)
    bench = Bench(mesh, recorded, sources, {one.object_name: one.body for one in documents})
    before = set(bench.landed())
    snapshot = {"snapshot_at": "2024-11-02T11:55:39Z"}
    noon, morning = datetime(2024, 11, 2, 16, tzinfo=UTC), datetime(2024, 11, 3, 14, tzinfo=UTC)
    assert bench.collect("nbac_schedule", DAY, noon, backfill=True)["outcome"] == "ok"
    assert bench.collect("odds_api_events", DAY, noon, **snapshot)["outcome"] == "ok"
    assert bench.collect("odds_api_game_lines", DAY, noon, **snapshot)["missing"] == []
    assert bench.collect("odds_api_player_props", DAY, noon)["missing"] == []
    for source in ("nbac_boxscore", "nbac_play_by_play"):
        account = bench.collect(source, DAY, morning, backfill=True)
        assert (account["outcome"], account["missing"], account["pending"]) == ("ok", [], 0)
    landed = {name: body for name, body in bench.landed().items() if name not in before}
    # The props' own event list, as it stands now, is a document too; the corpus has none of that hour.
    extra = [name for name in landed if name not in bench.documents]
    assert [name.rpartition("/")[0] for name in extra] == [f"odds-api/events/{DAY}"]
    earlier = [name for name in bench.documents if "d35ddee1" in name and "/202410" in name]  # ten days before
    assert set(landed) - set(extra) == {
        name for name in bench.documents if "injury-report" not in name and name not in earlier
    }
    assert not [name for name in landed if name not in extra and landed[name] != bench.documents[name]]


@pytest.mark.skipif(not CAPTURES.is_file(), reason="the corpus is not there: set TIPOFF_CORPUS")
def test_a_real_report_is_found_on_its_page_and_lands_untouched(mesh: CollectMesh, recorded: Recorded) -> None:
    """With the schedule of that season, which the test before has collected, or collects now."""
    name = "Injury-Report_2024-11-03_05PM.pdf"
    with zipfile.ZipFile(CAPTURES) as captures:
        pdf = captures.read(f"nba-com/injury-report-pdf/2024-11-03/17/{name}")
    sources = FakeSources(corpus_day(), datetime(2024, 11, 3, 23, tzinfo=UTC))
    sources.open(recorded)
    bench = Bench(mesh, recorded, sources, {})
    day, as_of = date(2024, 11, 3), datetime(2024, 11, 3, 22, 40, tzinfo=UTC)
    bench.collect("nbac_schedule", day, as_of, backfill=True)
    page = f'<h1>Injury Report</h1><a href="https://{REPORTS}/referee/injury/{name}">05:30 PM</a>'.encode()
    recorded.serve("official.nba.com/nba-injury-report-2024-25-season/", page)
    recorded.serve(f"{REPORTS}/referee/injury/{name}", pdf, {"Content-Type": "application/pdf"})
    account = bench.collect("nbac_injury_report_pdf", day, as_of)
    assert (account["outcome"], account["pending"]) == ("ok", 0)
    (landed,) = account["landed"]
    assert landed == "nba-com/injury-report-pdf/2024-11-03/17/20241103T224000Z.pdf"
    assert bench.landed(landed)[landed] == pdf
    again = bench.collect("nbac_injury_report_pdf", day, as_of)
    assert (again["landed"], again["unchanged"], again["requests"]) == ([], 1, 1)  # the page; the report is held


@pytest.fixture
def season(mesh: CollectMesh, recorded: Recorded) -> Bench:
    """Three dates of a simulated league, its schedule collected. No other test of the mesh plays in its season."""
    sources = FakeSources(League(31).season(date(2020, 11, 1), 3, SMALL), datetime(2020, 11, 1, 12, tzinfo=UTC))
    sources.open(recorded)
    bench = Bench(mesh, recorded, sources, {})
    bench.collect("nbac_schedule", date(2020, 11, 1), sources.now)
    return bench


def test_a_season_is_fetched_within_its_budget_and_goes_on_after_a_stop(season: Bench) -> None:
    """Twenty credits a date: 45 are enough for two; the next run pays for the third only."""
    mesh = season.mesh
    url = f"{mesh.host.url}/{mesh.names.functions['collect'].service}"
    collector = Collector(url, mesh.identity.sign(url, OPERATOR))
    told: list[int] = []

    def play(credits: int, dry_run: bool = False) -> CollectTotals:
        first, last = date(2020, 11, 1), date(2020, 11, 3)
        wanted = CollectRange("odds_api_game_lines", first, last, (8, 0), 100, credits, dry_run=dry_run)
        return collect_dates(wanted, partial(_collected, collector), lambda done: told.append(done.landed))

    planned = play(1000, dry_run=True)
    assert (planned.credits, planned.requests, planned.landed) == (60, 3, 0)
    stopped = play(45)
    assert stopped.stopped_at == date(2020, 11, 3)
    assert (stopped.credits, stopped.outcomes["ok"], stopped.outcomes["over_budget"]) == (40, 2, 1)
    assert told[-3:] == sorted(told[-3:])
    went_on = play(45)
    assert (went_on.credits, went_on.outcomes["fresh"], went_on.outcomes["ok"]) == (20, 2, 1)
    assert went_on.stopped_at is None
    asked = [request for request in season.recorded.requests if request.path.startswith(f"/{ODDS}")]
    assert len(asked) == 3


def _collected(collector: Collector, request: Collect) -> Collected:
    return collector.collect(msgspec.structs.replace(request, ingest_wait_s=30))
