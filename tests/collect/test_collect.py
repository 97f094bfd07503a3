"""`collect` as its zip on a local cloud, against recorded sources: what lands, what it remembers, when it stops."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collect.bench import Bench, CollectMesh
from tests.collect.fake_sources import FakeSources
from tests.collect.recorded import Recorded, Reply
from tipoff.core.collect.limits import OPEN_AFTER
from tipoff_ops.local.function_call import CallFailed, call_function
from tipoff_sim import SMALL, League

FIRST = date(2018, 11, 1)
CDN = "cdn.nba.com/static/json"


@pytest.fixture(scope="module")
def league() -> list[Any]:
    return list(League(11).season(FIRST, 2, SMALL))


@pytest.fixture
def bench(mesh: CollectMesh, recorded: Recorded, league: list[Any]) -> Bench:
    sources = FakeSources(league, datetime(2018, 11, 1, 12, tzinfo=UTC))
    sources.open(recorded)
    return Bench(mesh, recorded, sources, {one.object_name: one.body for one in league})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2018, 11, day, hour, minute, tzinfo=UTC)


def test_a_day_lands_as_it_was_sent(bench: Bench) -> None:
    """In order, as a day goes: one module-wide mesh, each step builds on what landed before."""
    with pytest.raises(CallFailed, match="NOT_READY"):
        bench.collect("nbac_boxscore", FIRST, at(1, 12))
    _the_schedule(bench)
    _lines_and_quotes(bench)
    _finals(bench)
    _records(bench)
    _grants(bench)


def _grants(bench: Bench) -> None:
    """Every grant of `collect` was used. It alerts only when a source fails.

    It reads the landing bucket only where the service refuses a name that is taken as forbidden, and not as a conflict.
    """
    member = f"serviceAccount:{bench.mesh.names.functions['collect'].email}"
    granted = {grant for grant in bench.mesh.iam.read().grants if grant.to == member}
    unused = granted - bench.mesh.iam.used()
    assert {(grant.role, grant.on) for grant in unused} == {
        ("roles/pubsub.publisher", "pubsub_topic:alerts-local"),
        ("roles/storage.objectViewer", "storage_bucket:tipoff-local-landing"),
    }


def _the_schedule(bench: Bench) -> None:
    account = bench.collect("nbac_schedule", FIRST, at(1, 12))
    assert (account["outcome"], account["unchanged"], account["pending"]) == ("ok", 0, 0)
    (name,) = account["landed"]
    assert name == "nba-com/schedule/2018-19/20181101T120000Z.json"
    assert bench.landed()[name] == bench.documents["nba-com/schedule/2018-19/20181018T120000Z.json"]
    told = bench.metadata(name)
    assert told["request-path"] == "/static/json/staticData/scheduleLeagueV2.json"
    assert {"response-etag", "response-last-modified", "captured-at", "content-sha256", "run-id"} <= set(told)
    again = bench.collect("nbac_schedule", FIRST, at(1, 13))
    assert (again["outcome"], again["landed"], again["unchanged"]) == ("ok", [], 1)
    assert again["verdicts"][0]["verdict"] == "unchanged"  # the CDN said so: 304
    assert bench.collect("nbac_schedule", FIRST, at(1, 13, 5), max_age_minutes=30)["outcome"] == "fresh"


def _lines_and_quotes(bench: Bench) -> None:
    planned = bench.collect("odds_api_player_props", FIRST, at(1, 22), dry_run=True)
    assert (planned["status"], planned["games"], planned["credits"]) == ("planned", 7, 7)
    lines = bench.collect("odds_api_game_lines", FIRST, at(1, 12))
    assert (lines["outcome"], len(lines["landed"]), lines["missing"]) == ("ok", 7, [])
    assert (lines["requests"], lines["credits"], lines["credits_left"]) == (1, 2, 400)
    quotes = bench.collect("odds_api_player_props", FIRST, at(1, 22))
    assert quotes["outcome"] == "not_there_yet"  # three games are not quoted yet
    assert len(quotes["missing"]) == 3
    assert quotes["credits"] == 4  # an answer without quotes costs nothing, says the vendor
    held = bench.landed("odds-api/player-props/")
    assert len(held) == 4
    assert set(held.values()) <= set(bench.documents.values())


def _finals(bench: Bench) -> None:
    early = bench.collect("nbac_boxscore", FIRST, at(2, 2, 40))
    assert (early["outcome"], len(early["landed"]), len(early["missing"])) == ("not_there_yet", 4, 3)
    late = bench.collect("nbac_boxscore", FIRST, at(2, 13))
    assert (late["outcome"], len(late["landed"]), late["unchanged"], late["missing"]) == ("ok", 3, 4, [])
    actions = bench.collect("nbac_play_by_play", FIRST, at(2, 13), backfill=True)
    assert (actions["outcome"], actions["missing"]) == ("ok", [])
    for name in actions["landed"]:  # named by Last-Modified, so under the very names
        assert bench.landed(name)[name] == bench.documents[name]


def _records(bench: Bench) -> None:
    records = bench.rows("collections")
    assert {row["source"] for row in records} >= {"nbac_schedule", "nbac_boxscore", "odds_api_game_lines"}
    health = {row["source"]: row for row in bench.rows("source_health")}
    assert health["nbac_boxscore"]["last_outcome"] == "ok"
    assert health["odds_api_game_lines"]["credits_left"] == 400
    assert {row["step"] for row in bench.rows("run_history")} >= {"collect_nbac_boxscore"}
    receipts = bench.rows("object_receipts")
    assert {row["outcome"] for row in receipts} == {"accepted"}


def test_a_changed_document_lands_again_and_a_repeated_one_does_not(bench: Bench) -> None:
    day, as_of = FIRST + timedelta(days=1), at(3, 13)
    bench.collect("nbac_schedule", day, at(1, 14))
    first = bench.collect("nbac_boxscore", day, as_of)
    name = first["landed"][0]
    game_id = name.split("/")[3]
    changed = bench.landed(name)[name].replace(b'"version":1', b'"version":2')
    bench.recorded.serve(f"{CDN}/liveData/boxscore/boxscore_{game_id}.json", changed)
    again = bench.collect("nbac_boxscore", day, as_of + timedelta(hours=1))
    assert [one.split("/")[3] for one in again["landed"]] == [game_id]
    third = bench.collect("nbac_boxscore", day, as_of + timedelta(hours=2))
    assert (third["landed"], third["unchanged"]) == ([], 7)  # no ETag this time: the content hash says so


def test_faults_are_named_reported_and_retried(bench: Bench) -> None:
    """A 503, a body cut short, then the document: seen by nobody but the account. An error page is named."""
    day, as_of = FIRST + timedelta(days=1), at(3, 16)
    names = [row["nba_game_id"] for row in bench.rows("nbac_schedule") if row["game_date"] == day]
    first, second = sorted(names)[:2]
    place = f"{CDN}/liveData/playbyplay/playbyplay"
    bench.recorded.script(f"{place}_{first}.json", Reply(status=503), Reply(b'{"game":', zipped=False))
    bench.recorded.serve(f"{place}_{second}.json", b"<html>maintenance</html>")
    account = bench.collect("nbac_play_by_play", day, as_of)
    assert (account["status"], account["outcome"], account["missing"]) == ("completed", "partial", [second])
    counts = {one["verdict"]: one["answers"] for one in account["verdicts"]}
    assert counts == {"document": 6, "error_page": 1}
    assert account["requests"] == 9
    assert "error_page" in account["message"]
    assert second in account["message"]


def test_an_open_circuit_stops_requests_and_closes_again(bench: Bench) -> None:
    day, as_of = FIRST, at(4, 12)
    bench.recorded.answer(lambda request: Reply(status=500) if request.path.startswith("/nothing") else None)
    for row in bench.rows("nbac_schedule"):
        place = f"{CDN}/liveData/boxscore/boxscore_{row['nba_game_id']}.json"
        bench.recorded.serve(place, b"<html>down</html>")
    broken = bench.collect("nbac_boxscore", day, as_of)
    assert (broken["status"], broken["outcome"], broken["requests"]) == ("failed", "circuit_open", OPEN_AFTER)
    bench.recorded.requests.clear()
    closed = bench.collect("nbac_boxscore", day, as_of + timedelta(minutes=5))
    assert (closed["outcome"], closed["requests"], bench.recorded.requests) == ("circuit_open", 0, [])
    health = {row["source"]: row for row in bench.rows("source_health")}
    assert health["nbac_boxscore"]["circuit_open_until"] == as_of + timedelta(minutes=15)
    assert health["nbac_play_by_play"]["circuit_open_until"] is not None  # the same host
    bench.recorded.reset()
    bench.sources.open(bench.recorded)
    trial = bench.collect("nbac_boxscore", day, as_of + timedelta(minutes=20))
    assert trial["outcome"] == "ok"


def test_the_budget_stops_a_run_and_the_next_one_goes_on(bench: Bench) -> None:
    day, as_of = FIRST, at(1, 22, 35)
    stopped = bench.collect("odds_api_player_props", day, as_of, max_credits=2)
    assert (stopped["status"], stopped["outcome"], stopped["credits"]) == ("failed", "over_budget", 2)
    few = bench.collect("odds_api_player_props", day, as_of, max_requests=3)
    assert (few["outcome"], few["requests"]) == ("over_budget", 3)


def test_keys_are_nowhere_but_in_the_request(bench: Bench, mesh: CollectMesh) -> None:
    """Logs of every function, objects with their metadata, records: none of them holds a key."""
    keys = [mesh.names.functions["collect"].env[name] for name in ("SECRET_ODDS_API_KEY", "SECRET_BALLDONTLIE_KEY")]
    sent = bench.collect("odds_api_events", FIRST, at(1, 12, 1))
    assert sent["outcome"] == "ok"
    assert bench.recorded.requests[-1].query["apiKey"] == keys[0]
    bench.collect("bdl_player_boxscores", FIRST, at(2, 13))
    written = b"".join(path.read_bytes() for path in Path(mesh.folder, "host").rglob("*.log"))
    assert b"/collect" in written
    told = written.decode(errors="replace") + str(bench.rows("collections")) + str(bench.rows("run_history"))
    told += "".join(str(bench.metadata(name)) for name in bench.landed("odds-api/"))
    assert not [key for key in keys if key in told.replace("odds-api-key'", "")]


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/collect", {"source": "espn", "game_date": "2018-11-01"}, "unknown_source"),
        ("/collect", {"source": "nbac_schedule", "game_date": "2018-11-01", "snapshot_at": "2018-11-01T00:00:00Z"},
         "no_snapshots"),
        ("/scrape", {"scraper": "", "gamedate": "today"}, "available_scrapers"),
        ("/scrape", {"scraper": "nbac_schedule", "gamedate": "soon"}, "bad_date"),
    ],
)  # fmt: skip
def test_what_cannot_be_collected_is_refused(bench: Bench, path: str, body: dict[str, str], why: str) -> None:
    with pytest.raises(CallFailed, match=f"400.*{why}"):
        call_function(bench.mesh, "collect", path, body)


def test_the_originals_call_is_answered(bench: Bench) -> None:
    answer = call_function(bench.mesh, "collect", "/scrape", {"scraper": "nbac_schedule", "gamedate": "2018-11-01"})
    assert (answer["status"], answer["scraper"]) == ("success", "nbac_schedule")
    assert answer["data_summary"]["source"] == "nbac_schedule"


def test_what_is_due_follows_the_schedule(bench: Bench) -> None:
    def due(as_of: datetime) -> set[tuple[str, str]]:
        answer = call_function(bench.mesh, "collect", "/due", {"as_of": as_of.isoformat()})
        assert answer["outcome"] == "ok"
        return {(one["source"], one["window"]) for stage in answer["stages"] for one in stage}

    assert due(at(1, 13)) == {("nbac_schedule", "morning")}
    assert due(at(1, 18, 35)) == {("nbac_injury_report_pdf", "hourly")}
    both = {"odds_api_game_lines", "odds_api_player_props"}
    assert due(at(1, 20, 30)) == {(source, "half-hourly") for source in both}
    assert due(at(1, 20, 40)) == set()
