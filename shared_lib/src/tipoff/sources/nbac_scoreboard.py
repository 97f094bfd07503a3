"""NBA.com live scoreboard: one date's games with status and score. Atomic. A day without games is normal."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import Reason
from tipoff.core.collect.collection import Collection
from tipoff.core.collect.judging import judge_list
from tipoff.core.collect.model import Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.nba_cdn import HOST, LIVE_DATA, cdn_request
from tipoff.core.contracts import decoding
from tipoff.core.contracts.decoding import Int
from tipoff.core.contracts.game_status import known_tipoff
from tipoff.core.contracts.nba_common import OPEN_KINDS, Instant, check_captured, check_pair_of_code, check_team
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.game_date import game_date_of, to_utc
from tipoff.core.source import Source

OBJECT_NAME = Template("nba-com/scoreboard/{date}/{ts}.json")
PARSE_SEQ = 2


class Side(msgspec.Struct, frozen=True, gc=False):
    """One team."""

    teamId: Int
    teamTricode: str
    score: Int | None = None
    wins: Int | None = None
    losses: Int | None = None


class Game(msgspec.Struct, frozen=True, gc=False):
    """One game of the date."""

    gameId: str
    gameStatus: Int
    homeTeam: Side
    awayTeam: Side
    gameCode: str | None = None
    gameStatusText: str | None = None
    period: Int | None = None
    gameClock: str | None = None
    gameTimeUTC: Instant | None = None


class Scoreboard[G](msgspec.Struct, frozen=True):
    """The date's games."""

    gameDate: str
    games: list[G]


class Document[G](msgspec.Struct, frozen=True):
    """The envelope. `G` is the type of a game, or Any to count games only."""

    scoreboard: Scoreboard[G]


class ScoreboardRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_scoreboard."""

    nba_game_id: str
    game_date: date
    game_id: str | None
    season_year: int
    season_type: str
    game_code: str | None
    game_status: int
    game_status_text: str | None
    period: int | None
    game_clock: str | None
    tipoff_at: datetime | None
    home_team_id: int
    home_team_tricode: str
    home_team_score: int | None
    home_team_wins: int | None
    home_team_losses: int | None
    away_team_id: int
    away_team_tricode: str
    away_team_score: int | None
    away_team_wins: int | None
    away_team_losses: int | None


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_scoreboard.

    Raises:
        DocumentRefused: any code of an atomic document.
    """
    if route.captured_at is None or route.day is None:
        raise ValueError("the name of a scoreboard has date and capture instant")
    board = decoding.decode(body, Document[Game]).scoreboard
    if board.gameDate != route.day.isoformat():
        raise DocumentRefused(
            Reason.DATE_MISMATCH, "name and body have the same date", "$.scoreboard.gameDate", board.gameDate
        )
    rows: dict[str, ScoreboardRow] = {}
    for index, game in enumerate(board.games):
        row = _row(route.day, game, f"$.scoreboard.games[{index}]")
        if row.game_status > 1:
            check_captured(route.captured_at, route.day)
        if row.nba_game_id in rows:
            raise DocumentRefused(Reason.DUPLICATE_KEY, "a game is listed once", "gameId", game.gameId)
        rows[row.nba_game_id] = row
    note = None if rows else Reason.EMPTY_LIST
    return Content((TableRows("nbac_scoreboard", tuple(rows.values())),), route.captured_at, note=note)


def _row(day: date, game: Game, path: str) -> ScoreboardRow:
    try:
        game_id = ids.nba_game_id(game.gameId)
    except ValueError as error:
        raise DocumentRefused(Reason.UNKNOWN_GAME, str(error), f"{path}.gameId", game.gameId) from error
    kind, home, away = ids.season_type(game_id), game.homeTeam, game.awayTeam
    if kind not in OPEN_KINDS:
        check_team(home.teamId, home.teamTricode, f"{path}.homeTeam")
        check_team(away.teamId, away.teamTricode, f"{path}.awayTeam")
        check_pair_of_code(game.gameCode, (away.teamTricode, home.teamTricode), path)
        if home.teamId == away.teamId:
            raise DocumentRefused(Reason.UNKNOWN_TEAM, "a game has two teams", f"{path}.awayTeam", away.teamTricode)
    if game.gameStatus not in (1, 2, 3):
        raise DocumentRefused(Reason.SCHEMA, "gameStatus is 1, 2 or 3", f"{path}.gameStatus", game.gameStatus)
    known = {home.teamTricode, away.teamTricode} <= teams.BY_TRICODE.keys()
    began = game.gameStatus > 1
    return ScoreboardRow(
        nba_game_id=game_id,
        game_date=day,
        game_id=ids.platform_id(day, away.teamTricode, home.teamTricode) if known else None,
        season_year=ids.season_year(game_id),
        season_type=kind,
        game_code=game.gameCode,
        game_status=game.gameStatus,
        game_status_text=game.gameStatusText,
        period=game.period,
        game_clock=game.gameClock,
        tipoff_at=_tipoff(game, day, path),
        home_team_id=home.teamId,
        home_team_tricode=home.teamTricode,
        home_team_score=_score(home.score, began, path),
        home_team_wins=home.wins,
        home_team_losses=home.losses,
        away_team_id=away.teamId,
        away_team_tricode=away.teamTricode,
        away_team_score=_score(away.score, began, path),
        away_team_wins=away.wins,
        away_team_losses=away.losses,
    )


def _tipoff(game: Game, day: date, path: str) -> datetime | None:
    stamp = known_tipoff(game.gameTimeUTC, game.gameStatusText)
    if stamp is None:
        return None
    try:
        derived = game_date_of(stamp)
    except ValueError as error:
        raise DocumentRefused(Reason.DATE_MISMATCH, str(error), f"{path}.gameTimeUTC", stamp) from error
    if derived != day:
        raise DocumentRefused(Reason.DATE_MISMATCH, "a tip-off is on the scoreboard's date", path, stamp)
    return to_utc(stamp)


def _score(points: int | None, began: bool, path: str) -> int | None:
    if points is not None and points < 0:
        raise DocumentRefused(Reason.STAT_IDENTITY, "no score is negative", path, points)
    return points if began else None


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """Today's scoreboard. The source has no other."""
    path = f"{LIVE_DATA}/scoreboard/todaysScoreboard_00.json"
    request = cdn_request("nbac_scoreboard", path, f"nbac_scoreboard/{target.day}", target.day, OBJECT_NAME, judge)
    return (replace(request, exists=True),)


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """A scoreboard must be of the requested date."""
    board = msgspec.json.decode(body, type=Document[Any]).scoreboard
    if board.gameDate != request.day.isoformat():
        return Judgement(Verdict.NOT_THERE_YET, f"a scoreboard of {board.gameDate[:10]}")
    return judge_list(request, len(board.games))


SOURCE = Source(
    name="nbac_scoreboard",
    object_names=(OBJECT_NAME,),
    parse=parse,
    parse_seq=PARSE_SEQ,
    collection=Collection(host=HOST, first_requests=requests),
)
