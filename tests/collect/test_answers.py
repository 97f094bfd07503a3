"""Each answer is classified: an error page with status 200 is no data, an empty list is not always an empty day."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.documents import DAY, EVENT_ID, GAME, OTHER, box, encoded, event, gamelog, plays
from tests.collect.recorded import ACCESS_DENIED
from tipoff.core.collect.documents import documents
from tipoff.core.collect.judging import accept, judge
from tipoff.core.collect.model import Answer, Event, SourceRequest, Target, Verdict
from tipoff.sources import COLLECTIONS

NOW = datetime(2024, 11, 3, 4, tzinfo=UTC)
GAMES = (GAME, OTHER)
PROPS_NAME = "odds_api_player_props"


def request_of(source: str, **changes: object) -> SourceRequest:
    first = COLLECTIONS[source].first(Target(source, DAY, GAMES, NOW))[0]
    return replace(first, **changes)  # type: ignore[arg-type]


def props_request() -> SourceRequest:
    target = Target(PROPS_NAME, DAY, GAMES, datetime(2024, 11, 2, 16, tzinfo=UTC))
    listed = Answer(200, {}, encoded([event()]), target.now)
    (request,) = COLLECTIONS[PROPS_NAME].following(target, COLLECTIONS[PROPS_NAME].first(target)[0], listed)
    return request


def verdict(request: SourceRequest, body: bytes, status: int = 200) -> Verdict:
    return judge(request, Answer(status, {}, body, NOW)).verdict


BOX, PLAYS, EVENTS, LOG = (
    request_of(name) for name in ("nbac_boxscore", "nbac_play_by_play", "odds_api_events", "nbac_gamelog")
)
LINES, SCHEDULE, PROPS = request_of("odds_api_game_lines"), request_of("nbac_schedule"), props_request()
POSTPONED = replace(BOX, game=replace(GAME, is_postponed=True))
CALLED_OFF = replace(EVENTS, games=(replace(GAME, is_postponed=True),))
FIREWALL = b"""<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>
You don't have permission to access this on this server. Reference 18.0</BODY></HTML>"""
NO_SUCH_KEY = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>No such object.</Message></Error>"
PAGE = b"<!DOCTYPE html><html><body>We will be right back</body></html>"

CASES = {
    "a final box score": (BOX, box(), 200, Verdict.DOCUMENT),
    "a box score in play": (BOX, box(status=2, text="Q3 4:11"), 200, Verdict.NOT_THERE_YET),
    "no box score yet: the CDN's 403": (BOX, ACCESS_DENIED, 403, Verdict.NOT_THERE_YET),
    "no box score yet: 404": (BOX, b"", 404, Verdict.NOT_THERE_YET),
    "a postponed game has none": (POSTPONED, ACCESS_DENIED, 403, Verdict.POSTPONED),
    "a postponed game's shell": (POSTPONED, box(status=1), 200, Verdict.POSTPONED),
    "postponed by its own text": (BOX, box(status=1, text="PPD"), 200, Verdict.POSTPONED),
    "another game's box score": (BOX, box("0022400999"), 200, Verdict.MOVED_SCHEMA),
    "a box score without its game": (BOX, b'{"meta":{},"boxscore":{}}', 200, Verdict.MOVED_SCHEMA),
    "200 with an error page": (BOX, PAGE, 200, Verdict.ERROR_PAGE),
    "200 with text": (BOX, b"OK", 200, Verdict.ERROR_PAGE),
    "a body that breaks off": (BOX, box()[:-20], 200, Verdict.TRUNCATED_BODY),
    "no body": (BOX, b"", 200, Verdict.TRUNCATED_BODY),
    "actions to the end": (PLAYS, plays(("period", "end"), ("game", "end")), 200, Verdict.DOCUMENT),
    "actions of field goals only": (PLAYS, plays(("2pt", "layup")), 200, Verdict.DOCUMENT),
    "actions until half-time": (PLAYS, plays(("period", "start"), ("period", "end")), 200, Verdict.NOT_THERE_YET),
    "no action yet": (PLAYS, plays(), 200, Verdict.NOT_THERE_YET),
    "events": (EVENTS, encoded([event()]), 200, Verdict.DOCUMENT),
    "no events on a game day": (EVENTS, b"[]", 200, Verdict.EMPTY_ON_GAME_DAY),
    "no events, all games postponed": (CALLED_OFF, b"[]", 200, Verdict.EMPTY),
    "no events in the past": (EVENTS, b'{"timestamp":"","data":[]}', 200, Verdict.EMPTY_ON_GAME_DAY),
    "events with other names": (EVENTS, encoded([{"id": "x", "home": "y"}]), 200, Verdict.MOVED_SCHEMA),
    "a message instead of events": (EVENTS, b'{"message":"hello"}', 200, Verdict.MOVED_SCHEMA),
    "lines": (LINES, encoded([event(bookmakers=[])]), 200, Verdict.DOCUMENT),
    "quotes": (PROPS, encoded(event(bookmakers=[{"key": "b"}])), 200, Verdict.DOCUMENT),
    "nobody quotes it yet": (PROPS, encoded(event(bookmakers=[])), 200, Verdict.NOT_THERE_YET),
    "quotes of another event": (PROPS, encoded(event("0" * 32, bookmakers=[])), 200, Verdict.MOVED_SCHEMA),
    "an event that is over": (PROPS, b'{"message":"Event not found"}', 404, Verdict.NOT_THERE_YET),
    "a wrong key": (EVENTS, b'{"error_code":"INVALID_KEY"}', 401, Verdict.KEY_REFUSED),
    "credits used up": (EVENTS, b'{"error_code":"OUT_OF_USAGE_CREDITS"}', 401, Verdict.QUOTA_EXHAUSTED),
    "too fast": (EVENTS, b'{"error_code":"EXCEEDED_FREQ_LIMIT"}', 429, Verdict.RATE_LIMITED),
    "a bad parameter": (EVENTS, b'{"error_code":"INVALID_MARKET"}', 422, Verdict.REQUEST_REFUSED),
    "their trouble": (EVENTS, b"", 503, Verdict.UNAVAILABLE),
    "the CDN's firewall, where a box score should be": (BOX, FIREWALL, 403, Verdict.REQUEST_REFUSED),
    "a 403 without a body": (BOX, b"", 403, Verdict.REQUEST_REFUSED),
    "a page of the firewall with status 200": (BOX, FIREWALL, 200, Verdict.ERROR_PAGE),
    "the bucket has no such key": (BOX, NO_SUCH_KEY, 404, Verdict.NOT_THERE_YET),
    "the season's file is always there": (SCHEDULE, ACCESS_DENIED, 403, Verdict.REQUEST_REFUSED),
    "the season's file is never missing": (SCHEDULE, b"", 404, Verdict.REQUEST_REFUSED),
    "an endpoint is never missing": (LOG, b"<html>Not Found</html>", 404, Verdict.REQUEST_REFUSED),
    "a server that lets nobody in": (LOG, b"<html>Access Denied</html>", 403, Verdict.REQUEST_REFUSED),
    "unchanged": (BOX, b"", 304, Verdict.UNCHANGED),
    "a log": (LOG, gamelog(3), 200, Verdict.DOCUMENT),
    "an empty log on a game day": (LOG, gamelog(0), 200, Verdict.EMPTY_ON_GAME_DAY),
    "a log without its headers": (LOG, b'{"resultSets":[]}', 200, Verdict.MOVED_SCHEMA),
    "a schedule without games": (SCHEDULE, b'{"leagueSchedule":{"seasonYear":"2024-25","gameDates":[]}}', 200,
                                 Verdict.EMPTY_ON_GAME_DAY),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_answer_is_classified(case: str) -> None:
    request, body, status, expected = CASES[case]
    assert verdict(request, body, status) is expected


@pytest.mark.parametrize("source", sorted(COLLECTIONS))
@given(body=st.binary(max_size=200), status=st.integers(100, 599))
def test_any_bytes_can_be_classified(source: str, body: bytes, status: int) -> None:
    assert verdict(request_of(source), body, status) in Verdict


def test_a_pdf_is_one_and_ends() -> None:
    request = request_of("nbac_injury_report_pdf", shape="pdf", judge=accept)
    assert verdict(request, b"%PDF-1.7 ... %%EOF\n") is Verdict.DOCUMENT
    assert verdict(request, b"%PDF-1.7 ...") is Verdict.TRUNCATED_BODY
    assert verdict(request, PAGE) is Verdict.ERROR_PAGE


def test_a_list_lands_once_per_event_with_its_envelope_and_not_a_byte_changed() -> None:
    first, second = b'{ "id":"%b","x" : 1.50,"u":"\\u00e9"}', b'{"id":"%b"}'
    names = {"commence_time": "2024-11-02T22:10:00Z", "home_team": "Charlotte Hornets", "away_team": "Boston Celtics"}
    tail = "," + json.dumps(names)[1:]
    elements = [(raw % (b"%x" % n * 32))[:-1] + tail.encode() for n, raw in ((10, first), (11, second))]
    body = b'{"timestamp":"2024-11-02T11:55:39Z","next_timestamp":null,"data":[' + b" , ".join(elements) + b"]}"
    target = Target("odds_api_game_lines", DAY, GAMES, NOW, snapshot_at=datetime(2024, 11, 2, 11, 55, tzinfo=UTC))
    found = documents(COLLECTIONS[target.source].first(target)[0], Answer(200, {}, body, NOW))
    assert [one.object_name.split("/")[3][:3] for one in found] == ["aaa", "bbb"]
    assert found[0].body == b'{"timestamp":"2024-11-02T11:55:39Z","next_timestamp":null,"data":' + elements[0] + b"}"
    assert {(one.known_by, f"{one.known_at:%H%M%S}") for one in found} == {("envelope", "115539")}
    assert all(one.object_name.endswith("-BOSCHA/20241102T115539Z.json") for one in found)


def test_the_name_says_when_it_was_known() -> None:
    """Live: the capture; in a backfill the source's Last-Modified, but never a stamp of the future."""
    answer = Answer(200, {"last-modified": "Sun, 03 Nov 2024 01:02:03 GMT"}, box(), NOW)
    later = Answer(200, {"last-modified": "Sun, 03 Nov 2024 06:00:00 GMT"}, box(), NOW)
    names = [
        documents(BOX, answer)[0].object_name,
        documents(BOX, answer, is_backfill=True)[0].object_name,
        documents(BOX, later, is_backfill=True)[0].object_name,
    ]
    assert [name.rpartition("/")[2] for name in names] == [
        "20241103T040000Z.json", "20241103T010203Z.json", "20241103T040000Z.json",
    ]  # fmt: skip


def test_quotes_are_asked_for_events_to_come_of_the_date_and_of_the_games_wanted() -> None:
    listed = [
        event(),
        event("1" * 32, "2024-11-02T15:00:00Z"),
        event("2" * 32, "2024-11-03T05:30:00Z"),
        event("3" * 32, "2024-11-02T23:40:00Z", home_team="Philadelphia 76ers", away_team="Memphis Grizzlies"),
        event("4" * 32, home_team="Team LeBron", away_team="Team Giannis"),
    ]
    target = Target(PROPS_NAME, DAY, GAMES, datetime(2024, 11, 2, 16, tzinfo=UTC))
    props = COLLECTIONS[PROPS_NAME]
    first = props.first(target)[0]
    answer = Answer(200, {}, encoded(listed), target.now)

    def events(chosen: Target) -> list[str]:
        found = props.following(chosen, first, answer)
        return [request.event.event_id for request in found if isinstance(request.event, Event)]

    assert events(target) == [EVENT_ID, "3" * 32]
    assert events(replace(target, only=frozenset({OTHER.nba_game_id}))) == ["3" * 32]
