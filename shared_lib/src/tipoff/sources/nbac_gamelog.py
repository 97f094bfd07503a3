"""The league game log of stats.nba.com: the line of every player on one date. Atomic."""

import msgspec

from tipoff.core import ids
from tipoff.core.codes import Reason
from tipoff.core.collect.collection import Collection
from tipoff.core.collect.judging import judge_list
from tipoff.core.collect.model import Host, Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.nba_cdn import JSON, NBA_SITE
from tipoff.core.contracts.nba_player_lines import Line, content_of, read_lines
from tipoff.core.contracts.nba_result_sets import Document
from tipoff.core.contracts.results import Content, DocumentRefused
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.game_date import parse_iso
from tipoff.core.source import Source

OBJECT_NAME = Template("nba-com/player-boxscores/{date}/{ts}.json")
PARSE_SEQ = 2
HOST = Host("stats.nba.com", 2.0)
RESULT_SET = "LeagueGameLog"
SEASON_TYPES = {
    "preseason": "Pre Season",
    "regular_season": "Regular Season",
    "cup_final": "IST",
    "all_star": "All Star",
    "play_in": "PlayIn",
    "playoffs": "Playoffs",
}


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_gamelog from a league game log of the name's date.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    found = read_lines(body, RESULT_SET)
    for line in found:
        _check_date(route, line)
    return content_of(route, found)


def _check_date(route: Route, line: Line) -> None:
    try:
        day = parse_iso((line.GAME_DATE or "")[:10])
    except ValueError as error:
        raise DocumentRefused(Reason.WRONG_TYPE, "GAME_DATE is a date", "GAME_DATE", line.GAME_DATE) from error
    if day != route.day:
        raise DocumentRefused(Reason.DATE_MISMATCH, "name and rows have the same date", "GAME_DATE", line.GAME_DATE)


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The log of one date: one request for each kind of game, because a log has one SeasonType."""
    games = {ids.season_type(game.nba_game_id): game for game in target.games}
    return tuple(_request(target, game.season, kind) for kind, game in sorted(games.items()))


def _request(target: Target, season: str, kind: str) -> SourceRequest:
    params = (
        ("Counter", "0"),
        ("DateFrom", f"{target.day:%m/%d/%Y}"),
        ("DateTo", f"{target.day:%m/%d/%Y}"),
        ("Direction", "ASC"),
        ("LeagueID", "00"),
        ("PlayerOrTeam", "P"),
        ("Season", season),
        ("SeasonType", SEASON_TYPES[kind]),
        ("Sorter", "DATE"),
    )
    return SourceRequest(
        source="nbac_gamelog",
        host=HOST,
        path="/stats/leaguegamelog",
        identity=f"nbac_gamelog/{target.day}/{kind}",
        day=target.day,
        judge=judge,
        template=OBJECT_NAME,
        name_fields={"date": target.day},
        params=params,
        headers=(JSON, *NBA_SITE, ("x-nba-stats-origin", "stats"), ("x-nba-stats-token", "true")),
        exists=True,
    )


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """A log must have its result set, with the headers of game, player and points."""
    tables = msgspec.json.decode(body, type=Document).resultSets
    log = next((table for table in tables if table.name == RESULT_SET), None)
    if log is None or not {"GAME_ID", "PLAYER_ID", "PTS"} <= set(log.headers):
        return Judgement(Verdict.MOVED_SCHEMA, "no LeagueGameLog with its headers")
    return judge_list(request, len(log.rowSet))


SOURCE = Source(
    name="nbac_gamelog",
    object_names=(OBJECT_NAME,),
    parse=parse,
    parse_seq=PARSE_SEQ,
    collection=Collection(host=HOST, first_requests=requests),
)
