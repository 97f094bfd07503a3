"""Fake sources, made of landed documents. At an instant, each serves what it would have shown by then."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Protocol

from tests.collect.recorded import Recorded, Reply
from tipoff import sources
from tipoff.core.collect.odds_api import elements
from tipoff.core.contracts.routes import Route
from tipoff_local.http1 import Request

LIVE = "/cdn.nba.com/static/json/liveData"
ODDS = re.compile(r"/api\.the-odds-api\.com/v4/(historical/)?sports/basketball_nba/(events|odds|events/(\w{32})/odds)")
GAME_FILE = re.compile(rf"{LIVE}/(boxscore/boxscore|playbyplay/playbyplay)_(\d{{10}})\.json")
PRICES = {"events": 0, "odds": 2}


class Landed(Protocol):
    """A document as it would stand in the landing bucket."""

    @property
    def object_name(self) -> str: ...
    @property
    def observed_at(self) -> datetime: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True)
class _Kept:
    route: Route
    at: datetime
    body: bytes


class FakeSources:
    """Answers for all sources from `documents`, as things stood at `now`."""

    def __init__(self, documents: Iterable[Landed], now: datetime) -> None:
        self.now = now
        self._kept = []
        for one in documents:
            route = sources.route(one.object_name)
            assert route is not None, one.object_name
            self._kept.append(_Kept(route, one.observed_at, one.body))

    def open(self, recorded: Recorded) -> None:
        """Let the server answer for it."""
        recorded.answer(self._answer)

    def _answer(self, request: Request) -> Reply | None:
        if request.path == "/cdn.nba.com/static/json/staticData/scheduleLeagueV2.json":
            return _reply(self._newest("nbac_schedule"))
        if (match := GAME_FILE.fullmatch(request.path)) is not None:
            source = "nbac_boxscore" if "boxscore" in match[1] else "nbac_play_by_play"
            return _reply(self._newest(source, nba_game_id=match[2]))
        if (match := ODDS.fullmatch(request.path)) is not None:
            return self._odds(match, request.query)
        return None

    def _odds(self, match: re.Match[str], query: dict[str, str]) -> Reply | None:
        assert query["apiKey"]
        if match[3]:
            found = self._newest("odds_api_player_props", event_id=match[3])
            return Reply(found.body if found else self._unquoted(match[3]), headers=_quota(1 if found else 0))
        if match[1]:
            return self._past(match[2], datetime.fromisoformat(query["date"]))
        source = "odds_api_events" if match[2] == "events" else "odds_api_game_lines"
        first, last = (datetime.fromisoformat(query[name]) for name in ("commenceTimeFrom", "commenceTimeTo"))
        bodies = [kept.body for kept in self._newest_each(source)]
        found_elements = [raw for body in bodies for raw in elements(body)[1] if first <= _commence(raw) <= last]
        return Reply(b"[" + b",".join(found_elements) + b"]", headers=_quota(PRICES[match[2]]))

    def _unquoted(self, event_id: str) -> bytes:
        """An event that no bookmaker quotes yet."""
        listed = (raw for kept in self._newest_each("odds_api_events") for raw in elements(kept.body)[1])
        raw = next(raw for raw in listed if event_id.encode() in raw)
        return raw.rstrip()[:-1] + b',"bookmakers":[]}'

    def _past(self, what: str, at: datetime) -> Reply | None:
        """The snapshot at or before an instant, in its envelope."""
        source = "odds_api_events" if what == "events" else "odds_api_game_lines"
        kept = [one for one in self._kept if one.route.source == source and one.at <= at]
        if not kept:
            return None
        newest = max(one.at for one in kept)
        bodies = [one.body for one in kept if one.at == newest]
        if what == "events":
            return Reply(bodies[0], headers=_quota(1))
        envelope = elements(bodies[0])[0] or {}
        fields = [f'"{name}":'.encode() + raw for name, raw in envelope.items() if name != "data"]
        data = b'"data":[' + b",".join(elements(body)[1][0] for body in bodies) + b"]"
        return Reply(b"{" + b",".join([*fields, data]) + b"}", headers=_quota(20))

    def _newest(self, source: str, **fields: str) -> _Kept | None:
        found = [
            one
            for one in self._kept
            if one.route.source == source
            and one.at <= self.now
            and all(getattr(one.route, name) == value for name, value in fields.items())
        ]
        return max(found, key=lambda one: one.at, default=None)

    def _newest_each(self, source: str) -> list[_Kept]:
        """Of the present, the newest document of each event (of a date for lists of events)."""
        newest: dict[object, _Kept] = {}
        for one in sorted(self._kept, key=lambda kept: kept.at):
            if one.route.source == source and one.at <= self.now:
                newest[one.route.event_id or one.route.day] = one
        return list(newest.values())


def _commence(raw: bytes) -> datetime:
    match = re.search(rb'"commence_time":\s*"([^"]+)"', raw)
    assert match
    return datetime.fromisoformat(match[1].decode())


def _reply(found: _Kept | None) -> Reply | None:
    if found is None:
        return None
    tag = f'"{hashlib.md5(found.body, usedforsecurity=False).hexdigest()}"'
    return Reply(
        found.body, headers={"ETag": tag, "Last-Modified": format_datetime(found.at.astimezone(UTC), usegmt=True)}
    )


def _quota(last: int) -> dict[str, str]:
    return {"x-requests-last": str(last), "x-requests-used": "0", "x-requests-remaining": "400"}
