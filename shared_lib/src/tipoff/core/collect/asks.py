"""Requests to each source: path, parameters and headers as its contract test pins them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import msgspec

from tipoff.core import ids, teams
from tipoff.core.collect import sources
from tipoff.core.collect.model import Answer, Ask, Event, Game, Pairs
from tipoff.core.collect.snapshots import elements
from tipoff.core.game_date import eastern_instant, game_date_of

SPORT = "basketball_nba"
LIVE_DATA = "/static/json/liveData"
FEATURED_MARKETS = ("spreads", "totals")
PROPS_MARKETS = ("player_points",)
REGIONS = ("us",)
HISTORICAL_FACTOR = 10  # the vendor's price of a past snapshot, relative to the present
JSON = ("Accept", "application/json")
NBA_SITE: Pairs = (("Origin", "https://www.nba.com"), ("Referer", "https://www.nba.com/"))
_REPORT = re.compile(
    rb"https?://ak-static\.cms\.nba\.com(/referee/injury/"
    rb"Injury-Report_([0-9]{4}-[0-9]{2}-[0-9]{2})_([0-9]{2})(?:_([0-9]{2}))?([AP])M\.pdf)"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to fetch of one source.

    Attributes:
        source: see `sources.SOURCES`.
        day: Eastern date.
        games: the date's games by the newest schedule.
        now: the present instant.
        snapshot_at: ask for the odds as they stood then; None for the present.
        is_backfill: a past date: every injury report of it, and documents known since their Last-Modified.
        only: NBA ids of the games wanted; empty for all.
    """

    source: str
    day: date
    games: tuple[Game, ...]
    now: datetime
    snapshot_at: datetime | None = None
    is_backfill: bool = False
    only: frozenset[str] = frozenset()

    @property
    def chosen(self) -> tuple[Game, ...]:
        """The games wanted."""
        return tuple(game for game in self.games if not self.only or game.nba_game_id in self.only)


def first(wanted: Wanted) -> tuple[Ask, ...]:
    """The requests a run begins with.

    Raises:
        KeyError: no such source.
    """
    return tuple(replace(ask, games=wanted.games) for ask in _FIRST[wanted.source](wanted))


def following(wanted: Wanted, ask: Ask, answer: Answer) -> tuple[Ask, ...]:
    """The requests that a good answer leads to: an index to its reports, an event list to its quotes."""
    if ask.shape == "html":
        found = _reports(wanted, answer.body)
    elif wanted.source == "odds_api_player_props" and ask.source == "odds_api_events":
        found = tuple(_props(wanted, event) for event in _events_wanted(wanted, answer))
    else:
        found = ()
    return tuple(replace(one, games=wanted.games) for one in found)


def most_credits(asks: tuple[Ask, ...], wanted: Wanted) -> int:
    """What a run may cost at most: its first requests and, of props, one more per game wanted."""
    total = sum(ask.credits for ask in asks)
    if wanted.source == "odds_api_player_props":
        total += len(wanted.chosen) * _credits(PROPS_MARKETS, wanted.snapshot_at)
    return total


def _schedule(wanted: Wanted) -> tuple[Ask, ...]:
    path = "/static/json/staticData/scheduleLeagueV2.json"
    return (_cdn("nbac_schedule", path, "nbac_schedule", wanted.day),)


def _scoreboard(wanted: Wanted) -> tuple[Ask, ...]:
    path = f"{LIVE_DATA}/scoreboard/todaysScoreboard_00.json"
    return (_cdn("nbac_scoreboard", path, f"nbac_scoreboard/{wanted.day}", wanted.day),)


def _boxscores(wanted: Wanted) -> tuple[Ask, ...]:
    return tuple(_of_game("nbac_boxscore", "boxscore/boxscore", game) for game in wanted.chosen)


def _play_by_play(wanted: Wanted) -> tuple[Ask, ...]:
    return tuple(_of_game("nbac_play_by_play", "playbyplay/playbyplay", game) for game in wanted.chosen)


def _of_game(source: str, file: str, game: Game) -> Ask:
    path = f"{LIVE_DATA}/{file}_{game.nba_game_id}.json"
    return replace(_cdn(source, path, f"{source}/{game.nba_game_id}", game.game_date), game=game)


def _cdn(source: str, path: str, identity: str, day: date) -> Ask:
    return Ask(source, sources.CDN.name, path, identity, day, headers=(JSON, *NBA_SITE))


def _gamelog(wanted: Wanted) -> tuple[Ask, ...]:
    game = wanted.games[0]
    params = (
        ("Counter", "0"),
        ("DateFrom", f"{wanted.day:%m/%d/%Y}"),
        ("DateTo", f"{wanted.day:%m/%d/%Y}"),
        ("Direction", "ASC"),
        ("LeagueID", "00"),
        ("PlayerOrTeam", "P"),
        ("Season", game.season),
        ("SeasonType", _SEASON_TYPES[ids.season_type(game.nba_game_id)]),
        ("Sorter", "DATE"),
    )
    headers = (JSON, *NBA_SITE, ("x-nba-stats-origin", "stats"), ("x-nba-stats-token", "true"))
    identity = f"nbac_gamelog/{wanted.day}"
    return (Ask("nbac_gamelog", sources.STATS.name, "/stats/leaguegamelog", identity, wanted.day, params, headers),)


_SEASON_TYPES = {
    "preseason": "Pre Season",
    "regular_season": "Regular Season",
    "cup_final": "Regular Season",
    "all_star": "All Star",
    "play_in": "PlayIn",
    "playoffs": "Playoffs",
}


def _injury_index(wanted: Wanted) -> tuple[Ask, ...]:
    season = wanted.games[0].season
    return (
        Ask(
            "nbac_injury_report_pdf",
            sources.OFFICIAL.name,
            f"/nba-injury-report-{season}-season/",
            f"nbac_injury_report_pdf/index/{season}",
            wanted.day,
            headers=(("Accept", "text/html"),),
            shape="html",
            lands=False,
        ),
    )


def _reports(wanted: Wanted, page: bytes) -> tuple[Ask, ...]:
    """Reports of the date that the page links: the newest, or all of them in a backfill."""
    found = {_report_at(match): match.group(1).decode() for match in _REPORT.finditer(page)}
    of_day = sorted(at for at in found if game_date_of(at) == wanted.day and at <= wanted.now)
    newest = of_day if wanted.is_backfill else of_day[-1:]
    return tuple(
        Ask(
            "nbac_injury_report_pdf",
            sources.REPORTS.name,
            found[at],
            f"nbac_injury_report_pdf/{found[at].rpartition('_')[0].rpartition('/')[2]}_{at:%H%M}",
            wanted.day,
            headers=(("Accept", "application/pdf"),),
            shape="pdf",
            snapshot_at=at,
        )
        for at in newest
    )


def _report_at(match: re.Match[bytes]) -> datetime:
    """UTC instant in a report's name; names without minutes are of half past."""
    day, hour, minute, half = (group.decode() if group else "" for group in match.group(2, 3, 4, 5))
    hours = int(hour) % 12 + (12 if half == "P" else 0)
    return eastern_instant(date.fromisoformat(day), hours, int(minute or "30"))


def _events(wanted: Wanted) -> tuple[Ask, ...]:
    cost = 1 if wanted.snapshot_at else 0
    return (_odds("odds_api_events", "events", wanted, (("dateFormat", "iso"),), cost),)


def _game_lines(wanted: Wanted) -> tuple[Ask, ...]:
    cost = _credits(FEATURED_MARKETS, wanted.snapshot_at)
    return (_odds("odds_api_game_lines", "odds", wanted, _quoted(FEATURED_MARKETS), cost),)


def _props(wanted: Wanted, event: Event) -> Ask:
    source = "odds_api_player_props"
    cost = _credits(PROPS_MARKETS, wanted.snapshot_at)
    ask = _odds(source, f"events/{event.event_id}/odds", wanted, _quoted(PROPS_MARKETS), cost, is_list=False)
    return replace(ask, identity=_at(wanted, f"{source}/{event.event_id}"), event=event)


def _odds(source: str, tail: str, wanted: Wanted, params: Pairs, cost: int, *, is_list: bool = True) -> Ask:
    path, extra = f"/v4/sports/{SPORT}/{tail}", _of_day(wanted.day) if is_list else ()
    if wanted.snapshot_at is not None:
        path, extra = f"/v4/historical/sports/{SPORT}/{tail}", (("date", _iso(wanted.snapshot_at)),)
    return Ask(
        source,
        sources.ODDS.name,
        path,
        _at(wanted, f"{source}/{wanted.day}"),
        wanted.day,
        (*params, *extra),
        (JSON,),
        sources.ODDS_KEY,
        cost,
        snapshot_at=wanted.snapshot_at,
    )


def _quoted(markets: tuple[str, ...]) -> Pairs:
    return (
        ("regions", ",".join(REGIONS)),
        ("markets", ",".join(markets)),
        ("oddsFormat", "american"),
        ("dateFormat", "iso"),
    )


def _of_day(day: date) -> Pairs:
    """An Eastern date as the vendor's bounds, both inclusive to the second."""
    start, end = eastern_instant(day, 0, 0), eastern_instant(day + timedelta(days=1), 0, 0)
    return (("commenceTimeFrom", _iso(start)), ("commenceTimeTo", _iso(end - timedelta(seconds=1))))


def _credits(markets: tuple[str, ...], snapshot_at: datetime | None) -> int:
    """Markets times regions, ten times that for a past snapshot (the vendor's price list)."""
    return len(markets) * len(REGIONS) * (HISTORICAL_FACTOR if snapshot_at else 1)


def _at(wanted: Wanted, identity: str) -> str:
    return f"{identity}@{_iso(wanted.snapshot_at)}" if wanted.snapshot_at else identity


def _iso(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _balldontlie(wanted: Wanted) -> tuple[Ask, ...]:
    source = "bdl_player_boxscores"
    params = (("date", wanted.day.isoformat()),)
    host = sources.BALLDONTLIE.name
    identity = f"{source}/{wanted.day}"
    return (Ask(source, host, "/v1/box_scores", identity, wanted.day, params, (JSON,), sources.BALLDONTLIE_KEY),)


_FIRST: dict[str, Callable[[Wanted], tuple[Ask, ...]]] = {
    "nbac_schedule": _schedule,
    "nbac_scoreboard": _scoreboard,
    "nbac_boxscore": _boxscores,
    "nbac_play_by_play": _play_by_play,
    "nbac_gamelog": _gamelog,
    "nbac_injury_report_pdf": _injury_index,
    "odds_api_events": _events,
    "odds_api_game_lines": _game_lines,
    "odds_api_player_props": _events,
    "bdl_player_boxscores": _balldontlie,
}


def _events_wanted(wanted: Wanted, answer: Answer) -> list[Event]:
    """Events of the date that had not begun when the quotes are asked for, of the chosen games where some are."""
    at = wanted.snapshot_at or wanted.now
    pairs = {(game.away, game.home) for game in wanted.chosen}
    events = [event_of(raw) for raw in elements(answer.body)[1]]
    return [
        event
        for event in events
        if event is not None
        and event.game_date == wanted.day
        and event.commence_at > at
        and (not wanted.only or (event.away, event.home) in pairs)
    ]


class _EventHead(msgspec.Struct, frozen=True):
    id: str
    commence_time: datetime
    home_team: str
    away_team: str


def event_of(raw: bytes) -> Event | None:
    """The event of one element of a list, or None if it is not of two NBA teams."""
    head = msgspec.json.decode(raw, type=_EventHead)
    home, away = teams.by_full_name(head.home_team), teams.by_full_name(head.away_team)
    if home is None or away is None:
        return None
    return Event(head.id, game_date_of(head.commence_time), away.tricode, home.tricode, head.commence_time)
