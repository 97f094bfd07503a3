"""Contracts with the sources: path, parameters and headers of every request, as the server receives them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.collect.conftest import KEYS, USER_AGENT, MakeClient
from tests.collect.documents import DAY, EVENT_ID, GAME, encoded, event
from tests.collect.recorded import BALLDONTLIE, CDN, ODDS, OFFICIAL, REPORTS, STATS, Recorded
from tipoff.cloud.http import Validators
from tipoff.core.collect.model import Answer, Game, Target
from tipoff.sources import COLLECTIONS

NOW = datetime(2024, 11, 2, 16, tzinfo=UTC)
SNAPSHOT = datetime(2024, 11, 2, 11, 55, tzinfo=UTC)
LIVE = f"{CDN}/static/json/liveData"
NBA = {"accept": "application/json", "origin": "https://www.nba.com", "referer": "https://www.nba.com/"}
V4, PAST = f"{ODDS}/v4/sports/basketball_nba", f"{ODDS}/v4/historical/sports/basketball_nba"
PLAIN = {"accept": "application/json"}
OF_DAY = {"commenceTimeFrom": "2024-11-02T04:00:00Z", "commenceTimeTo": "2024-11-03T03:59:59Z"}
KEY = {"apiKey": KEYS["odds_api_key"]}
QUOTED = {"regions": "us", "oddsFormat": "american", "dateFormat": "iso"}
AT = {"date": "2024-11-02T11:55:00Z"}
LOG = {"Counter": "0", "DateFrom": "11/02/2024", "DateTo": "11/02/2024", "Direction": "ASC", "LeagueID": "00",
       "PlayerOrTeam": "P", "Season": "2024-25", "SeasonType": "Regular Season", "Sorter": "DATE"}  # fmt: skip
PAGE = b"""<p><a href="https://ak-static.cms.nba.com/referee/injury/Injury-Report_2024-11-02_04PM.pdf">04:30 PM</a>
<a href="https://ak-static.cms.nba.com/referee/injury/Injury-Report_2024-11-02_10AM.pdf">10:30 AM</a>
<a href="https://ak-static.cms.nba.com/referee/injury/Injury-Report_2024-11-01_05PM.pdf">05:30 PM</a></p>"""
NEW_PAGE = PAGE.replace(b"10AM", b"11_45AM")

# source (and whether in the past) -> what is asked: place, query, further headers, credits at most
PINS: dict[tuple[str, bool], tuple[str, dict[str, str], dict[str, str], int]] = {
    ("nbac_schedule", False): (f"{CDN}/static/json/staticData/scheduleLeagueV2.json", {}, NBA, 0),
    ("nbac_scoreboard", False): (f"{LIVE}/scoreboard/todaysScoreboard_00.json", {}, NBA, 0),
    ("nbac_boxscore", False): (f"{LIVE}/boxscore/boxscore_0022400141.json", {}, NBA, 0),
    ("nbac_play_by_play", False): (f"{LIVE}/playbyplay/playbyplay_0022400141.json", {}, NBA, 0),
    ("nbac_gamelog", False): (f"{STATS}/stats/leaguegamelog", LOG,
                              NBA | {"x-nba-stats-origin": "stats", "x-nba-stats-token": "true"}, 0),
    ("nbac_roster", False): (f"{STATS}/stats/playerindex",
                             {"Historical": "0", "LeagueID": "00", "Season": "2024-25", "TeamID": "0"},
                             NBA | {"x-nba-stats-origin": "stats", "x-nba-stats-token": "true"}, 0),
    ("nbac_injury_report_pdf", False): (f"{OFFICIAL}/nba-injury-report-2024-25-season/", {},
                                        {"accept": "text/html"}, 0),
    ("odds_api_events", False): (f"{V4}/events", {"dateFormat": "iso"} | OF_DAY | KEY, PLAIN, 0),
    ("odds_api_events", True): (f"{PAST}/events", {"dateFormat": "iso"} | AT | KEY, PLAIN, 1),
    ("odds_api_game_lines", False): (f"{V4}/odds", QUOTED | {"markets": "spreads,totals"} | OF_DAY | KEY, PLAIN, 2),
    ("odds_api_game_lines", True): (f"{PAST}/odds", QUOTED | {"markets": "spreads,totals"} | AT | KEY, PLAIN, 20),
    ("bdl_player_boxscores", False): (f"{BALLDONTLIE}/v1/box_scores", {"date": "2024-11-02"},
                                      PLAIN | {"authorization": KEYS["balldontlie_key"]}, 0),
}  # fmt: skip


def received(recorded: Recorded) -> tuple[str, dict[str, str], dict[str, str]]:
    (request,) = recorded.requests
    headers = {name: value for name, value in request.headers.items() if name not in ("host", "connection")}
    assert request.method == "GET"
    assert headers.pop("user-agent") == USER_AGENT
    assert headers.pop("accept-encoding") == "gzip"
    return request.path.removeprefix("/"), request.query, headers


@pytest.mark.parametrize(("source", "is_past"), PINS)
def test_a_request_is_what_its_source_expects(
    source: str, is_past: bool, client: MakeClient, recorded: Recorded
) -> None:
    target = Target(source, DAY, (GAME,), NOW, snapshot_at=SNAPSHOT if is_past else None)
    (request,) = COLLECTIONS[source].first(target)
    client().send(request, Validators())
    place, query, headers, credits = PINS[source, is_past]
    assert received(recorded) == (place, query, headers)
    assert request.credits == credits


def test_every_source_is_pinned() -> None:
    assert {source for source, _ in PINS} | {"odds_api_player_props"} == set(COLLECTIONS)


@pytest.mark.parametrize("is_past", [False, True])
def test_quotes_of_an_event(is_past: bool, client: MakeClient, recorded: Recorded) -> None:
    target = Target("odds_api_player_props", DAY, (GAME,), NOW, snapshot_at=SNAPSHOT if is_past else None)
    props = COLLECTIONS["odds_api_player_props"]
    (first,) = props.first(target)
    (request,) = props.following(target, first, Answer(200, {}, encoded([event()]), NOW))
    client().send(request, Validators())
    base, extra, credits = (PAST, AT, 10) if is_past else (V4, {}, 1)
    query = QUOTED | {"markets": "player_points"} | extra | KEY
    assert received(recorded) == (f"{base}/events/{EVENT_ID}/odds", query, PLAIN)
    assert (request.credits, first.source) == (credits, "odds_api_events")
    assert props.most_credits(target) == first.credits + credits


def reports(page: bytes, **more: Any) -> list[str]:
    target = Target("nbac_injury_report_pdf", DAY, (GAME,), datetime(2024, 11, 2, 20, 35, tzinfo=UTC), **more)
    collection = COLLECTIONS[target.source]
    (index,) = collection.first(target)
    found = collection.following(target, index, Answer(200, {}, page, target.now))
    assert {request.host.name for request in found} <= {REPORTS}
    return [request.path.rpartition("/")[2] for request in found]


def test_the_newest_report_of_the_date_is_fetched_and_in_a_backfill_all() -> None:
    """Also under the names of December 2025 on, with minutes."""
    assert reports(PAGE) == ["Injury-Report_2024-11-02_04PM.pdf"]
    assert reports(PAGE.replace(b"_04PM", b"_05PM")) == ["Injury-Report_2024-11-02_10AM.pdf"]  # not out yet
    assert reports(PAGE, is_backfill=True) == [f"Injury-Report_2024-11-02_{hour}.pdf" for hour in ("10AM", "04PM")]
    assert reports(NEW_PAGE.replace(b"_04PM", b"_09PM")) == ["Injury-Report_2024-11-02_11_45AM.pdf"]


@pytest.mark.parametrize(
    ("day", "bounds"),
    [
        (date(2024, 11, 3), ("2024-11-03T04:00:00Z", "2024-11-04T04:59:59Z")),  # the clock goes back
        (date(2025, 3, 9), ("2025-03-09T05:00:00Z", "2025-03-10T03:59:59Z")),  # and forward
    ],
)
def test_a_date_is_an_eastern_one_even_when_the_clock_changes(day: date, bounds: tuple[str, str]) -> None:
    (request,) = COLLECTIONS["odds_api_events"].first(Target("odds_api_events", day, (GAME,), NOW))
    query = dict(request.params)
    assert (query["commenceTimeFrom"], query["commenceTimeTo"]) == bounds


@pytest.mark.parametrize(
    ("game_id", "kind"),
    [("0042400101", "Playoffs"), ("0052400101", "PlayIn"), ("0062400001", "IST")],
)
def test_the_log_names_its_kind_of_season(game_id: str, kind: str) -> None:
    game = Game(game_id, DAY, "2024-25", "BOS", "CHA", NOW)
    (request,) = COLLECTIONS["nbac_gamelog"].first(Target("nbac_gamelog", DAY, (game,), NOW))
    assert dict(request.params)["SeasonType"] == kind


def test_a_date_with_two_kinds_of_games_has_a_log_of_each() -> None:
    games = tuple(Game(number, DAY, "2024-25", "BOS", "CHA", NOW) for number in ("0022400101", "0062400001"))
    requests = COLLECTIONS["nbac_gamelog"].first(Target("nbac_gamelog", DAY, games, NOW))
    assert [dict(request.params)["SeasonType"] for request in requests] == ["IST", "Regular Season"]
    assert len({request.identity for request in requests}) == 2
