"""NBA.com live box score (CDN) of one game: both teams and every listed player. Atomic."""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from tipoff.core import ids
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.judging import absent
from tipoff.core.collect.model import Judgement, SourceRequest, Target, Verdict
from tipoff.core.collect.nba_cdn import HOST, game_request
from tipoff.core.collect.windows import Window
from tipoff.core.contracts import decoding
from tipoff.core.contracts.box_score import (
    COUNTED,
    BoxScoreRow,
    Statistics,
    box_score_values,
    check_identities,
    check_player,
    did_something,
)
from tipoff.core.contracts.decoding import Int, PersonId
from tipoff.core.contracts.game_status import is_called_off
from tipoff.core.contracts.nba_common import (
    Identity,
    Instant,
    check_game_code,
    check_league_team,
    check_tipoff_date,
    duration,
    identity,
    minutes_of,
    overtimes,
    plus_minus,
)
from tipoff.core.contracts.results import Content, DocumentRefused, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.expected import Output
from tipoff.core.source import Source

OBJECT_NAME = Template("nba-com/boxscores/{date}/{nba_game_id}/{ts}.json")
PARSE_SEQ = 2
FINAL = 3


class Player(msgspec.Struct, frozen=True, gc=False):
    """One listed player. `starter` and `played` are the texts "1" and "0"."""

    personId: PersonId
    name: str
    starter: Literal["0", "1"]
    played: Literal["0", "1"]
    statistics: Statistics
    status: str | None = None
    notPlayingReason: str | None = None
    notPlayingDescription: str | None = None
    position: str | None = None


class Side(msgspec.Struct, frozen=True, gc=False):
    """One team of the game."""

    teamId: Int
    teamTricode: str
    score: Int
    statistics: Statistics
    players: list[Player]


class Header(msgspec.Struct, frozen=True):
    """The game's header, read first: an unfinished game is ignored, even if the rest of its document is malformed."""

    gameId: str
    gameStatus: Int
    gameStatusText: str | None = None
    gameCode: str | None = None


class Sides[S](Header, frozen=True, kw_only=True):
    """The game with both sides. `S` is the type of a side, or Any to require only their presence."""

    homeTeam: S
    awayTeam: S


class Game(Sides[Side], frozen=True, kw_only=True):
    """The whole game."""

    gameTimeUTC: Instant | None = None


class Document[G](msgspec.Struct, frozen=True):
    """The envelope. `G` is the type of the game."""

    game: G


class TeamRow(BoxScoreRow, frozen=True, gc=False, kw_only=True):
    """A row of nbac_team_boxscore."""

    nba_game_id: str
    game_date: date
    game_id: str
    season_year: int
    season_type: str
    tipoff_at: datetime | None
    team_id: int
    team_abbr: str
    opponent_team_id: int
    opponent_team_abbr: str
    is_home: bool
    opponent_points: int
    win_flag: bool
    overtime_periods: int
    points_in_paint: int | None
    fast_break_points: int | None
    second_chance_points: int | None
    team_rebounds: int | None
    team_turnovers: int | None


class PlayerRow(BoxScoreRow, frozen=True, gc=False, kw_only=True):
    """A row of nbac_player_boxscores."""

    nba_game_id: str
    game_date: date
    game_id: str
    season_year: int
    season_type: str
    tipoff_at: datetime | None
    team_id: int
    team_abbr: str
    opponent_team_id: int
    opponent_team_abbr: str
    is_home: bool
    player_id: int
    player_name: str
    player_lookup: str
    starter: bool
    played: bool
    participation: str
    status: str | None
    not_playing_reason: str | None
    not_playing_description: str | None
    position: str | None
    plus_minus: int | None
    points_in_paint: int | None


class _Frame(msgspec.Struct, frozen=True):
    """Values that the rows of one side share. `path` is the side's path in the document."""

    game: Identity
    game_id: str
    tipoff_at: datetime | None
    side: Side
    other: Side
    is_home: bool
    path: str


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_player_boxscores and nbac_team_boxscore of one final box score.

    Raises:
        DocumentRefused: not_final (ignored), or any code of an atomic document.
    """
    tree = decoding.check_json(body)
    header = decoding.typed(tree, Document[Header]).game
    game = identity(route, header.gameId)
    check_game_code(header.gameCode, game.game_date)
    _check_final(header)
    document = decoding.typed(tree, Document[Game]).game
    return _content(route, game, document)


def _check_final(header: Header) -> None:
    """Ignore (not_final) a game that is unfinished or called off. The text of a final is `Final` or `Final/OT`."""
    field, status = "$.game.gameStatus", header.gameStatus
    if status not in (1, 2, FINAL):
        raise DocumentRefused(Reason.SCHEMA, "gameStatus is 1, 2 or 3", field, status)
    text = (header.gameStatusText or "").strip() or "Final"
    if status != FINAL or not text.upper().startswith("FINAL"):
        raise DocumentRefused(
            Reason.NOT_FINAL, "only final games are read", field, f"{status} {text}", DocumentOutcome.IGNORED
        )


def _content(route: Route, game: Identity, document: Game) -> Content:
    if route.captured_at is None:
        raise ValueError("the name of a box score has its capture instant")
    check_tipoff_date(document.gameTimeUTC, game.game_date, "$.game.gameTimeUTC")
    frames = _frames(game, document)
    _check_people(document)
    _check_length(frames)
    players = tuple(row for frame in frames for row in _player_rows(frame))
    sides = tuple(_team_row(frame) for frame in frames)
    _check_starters(frames)
    tables = (TableRows("nbac_player_boxscores", players), TableRows("nbac_team_boxscore", sides))
    return Content(tables, route.captured_at)


def _frames(game: Identity, document: Game) -> tuple[_Frame, _Frame]:
    home, away = document.homeTeam, document.awayTeam
    for side, name in ((home, "homeTeam"), (away, "awayTeam")):
        check_league_team(game, side.teamId, side.teamTricode, f"$.game.{name}.teamTricode")
    if home.teamId == away.teamId:
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "a game has two teams", "$.game.awayTeam.teamId", away.teamId)
    check_game_code(document.gameCode, game.game_date, (away.teamTricode, home.teamTricode))
    game_id = ids.platform_id(game.game_date, away.teamTricode, home.teamTricode)
    return (
        _Frame(game, game_id, document.gameTimeUTC, home, away, True, "$.game.homeTeam"),
        _Frame(game, game_id, document.gameTimeUTC, away, home, False, "$.game.awayTeam"),
    )


def _check_people(document: Game) -> None:
    """Check that each person is listed once."""
    seen: set[int] = set()
    for side in (document.homeTeam, document.awayTeam):
        for player in side.players:
            if player.personId in seen:
                raise DocumentRefused(
                    Reason.DUPLICATE_PLAYER, "a person is listed once in a game", "personId", player.personId
                )
            seen.add(player.personId)


def _check_length(frames: tuple[_Frame, _Frame]) -> None:
    """Check that both teams play the same time."""
    home, away = (duration(frame.side.statistics.minutes or "", f"{frame.path}.statistics.minutes") for frame in frames)
    if home != away:
        rule = "both teams play the same time"
        raise DocumentRefused(Reason.BAD_MINUTES, rule, f"{frames[1].path}.statistics.minutes", minutes_of(away))


def _check_starters(frames: tuple[_Frame, _Frame]) -> None:
    """Check that five players start. Last, because a missing player breaks the sums too, which name a statistic."""
    for frame in frames:
        if sum(player.starter == "1" for player in frame.side.players) != 5:
            raise DocumentRefused(Reason.STAT_IDENTITY, "a team starts five players", f"{frame.path}.players")


def _team_row(frame: _Frame) -> TeamRow:
    game, side, stats, path = frame.game, frame.side, frame.side.statistics, frame.path
    check_identities(stats, f"{path}.statistics")
    _check_sums(frame)
    team_tenths = duration(stats.minutes or "", f"{path}.statistics.minutes")
    return TeamRow(
        nba_game_id=game.nba_game_id,
        game_date=game.game_date,
        game_id=frame.game_id,
        season_year=game.season_year,
        season_type=game.season_type,
        tipoff_at=frame.tipoff_at,
        team_id=frame.side.teamId,
        team_abbr=frame.side.teamTricode,
        opponent_team_id=frame.other.teamId,
        opponent_team_abbr=frame.other.teamTricode,
        is_home=frame.is_home,
        opponent_points=frame.other.score,
        win_flag=side.score > frame.other.score,
        overtime_periods=overtimes(team_tenths, f"{path}.statistics.minutes"),
        **box_score_values(stats, team_tenths),
        points_in_paint=stats.pointsInThePaint,
        fast_break_points=stats.pointsFastBreak,
        second_chance_points=stats.pointsSecondChance,
        team_rebounds=stats.reboundsTeam,
        team_turnovers=stats.turnoversTeam,
    )


def _check_sums(frame: _Frame) -> None:
    """Check the team's statistics against the sums over its players, and its points against its score."""
    side, path = frame.side, frame.path
    if side.score != side.statistics.points:
        raise DocumentRefused(Reason.SUM_MISMATCH, "score = statistics.points", f"{path}.score", side.score)
    if side.statistics.pointsAgainst not in (None, frame.other.score):
        raise DocumentRefused(
            Reason.SUM_MISMATCH, "pointsAgainst = the other's score", f"{path}.statistics.pointsAgainst"
        )
    if side.score == frame.other.score:
        raise DocumentRefused(Reason.STAT_IDENTITY, "a final game has a winner", f"{path}.score", side.score)
    for name in COUNTED:
        total = sum(getattr(player.statistics, name) for player in side.players)
        if total != getattr(side.statistics, name):
            rule = f"the players' {name} add up to the team's"
            raise DocumentRefused(Reason.SUM_MISMATCH, rule, f"{path}.statistics.{name}", total)


def _player_rows(frame: _Frame) -> list[PlayerRow]:
    limit = duration(frame.side.statistics.minutes or "", f"{frame.path}.statistics.minutes") // 5
    return [
        _player_row(frame, player, limit, f"{frame.path}.players[{index}]")
        for index, player in enumerate(frame.side.players)
    ]


def _player_row(frame: _Frame, player: Player, limit: int, path: str) -> PlayerRow:
    game, stats = frame.game, player.statistics
    check_player(stats, f"{path}.statistics")
    time_played = _time_played(player, limit, path)
    lookup = ids.player_lookup(player.name)
    if not lookup:
        raise DocumentRefused(Reason.SCHEMA, "a name holds letters", f"{path}.name", player.name)
    played = time_played > 0 or player.played == "1"
    return PlayerRow(
        nba_game_id=game.nba_game_id,
        game_date=game.game_date,
        game_id=frame.game_id,
        season_year=game.season_year,
        season_type=game.season_type,
        tipoff_at=frame.tipoff_at,
        team_id=frame.side.teamId,
        team_abbr=frame.side.teamTricode,
        opponent_team_id=frame.other.teamId,
        opponent_team_abbr=frame.other.teamTricode,
        is_home=frame.is_home,
        player_id=player.personId,
        player_name=player.name,
        player_lookup=lookup,
        starter=player.starter == "1",
        played=played,
        participation=_participation(player, played),
        status=player.status,
        not_playing_reason=player.notPlayingReason,
        not_playing_description=player.notPlayingDescription,
        position=player.position,
        **box_score_values(stats, time_played),
        plus_minus=plus_minus(stats.plusMinusPoints, f"{path}.statistics.plusMinusPoints"),
        points_in_paint=stats.pointsInThePaint,
    )


def _time_played(player: Player, limit: int, path: str) -> int:
    """Tenths of a second, at most the length of the game; 0 for a player who did not play."""
    text, field = player.statistics.minutes, f"{path}.statistics.minutes"
    time_played = 0 if not text and player.played == "0" else duration(text or "", field)
    if time_played > limit:
        raise DocumentRefused(Reason.BAD_MINUTES, "a player does not play longer than the game", field, text)
    if player.played == "0" and (time_played or did_something(player.statistics)):
        raise DocumentRefused(Reason.STAT_IDENTITY, "a player without minutes has no statistics", f"{path}.played", "0")
    return time_played


def _participation(player: Player, played: bool) -> str:
    if played:
        return "played"
    injured = "INJURY" in (player.notPlayingReason or "").upper()
    return "dnp_injury_confirmed" if injured else "dnp_unknown"


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """One box score per game."""
    return tuple(game_request("nbac_boxscore", "boxscore/boxscore", game, OBJECT_NAME, judge) for game in target.chosen)


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """A box score must be final and of the requested game."""
    game = msgspec.json.decode(body, type=Document[Sides[Any]]).game
    text = game.gameStatusText or ""
    if request.game is not None and game.gameId != request.game.nba_game_id:
        return Judgement(Verdict.MOVED_SCHEMA, f"a box score of {game.gameId[:10]}")
    if is_called_off(text):
        return Judgement(Verdict.POSTPONED, text[:40])
    if game.gameStatus == FINAL:
        return Judgement(Verdict.DOCUMENT)
    verdict = absent(request)
    return Judgement(verdict, text[:40] if verdict is Verdict.POSTPONED else f"game status {game.gameStatus}")


SOURCE = Source(
    name="nbac_boxscore",
    object_names=(OBJECT_NAME,),
    parse=parse,
    parse_seq=PARSE_SEQ,
    delivers=(Output("nbac_player_boxscores", "after", 28.5),),
    collection=Collection(
        host=HOST,
        first_requests=requests,
        is_required=True,
        fallbacks=("nbac_gamelog", "bdl_player_boxscores"),
        window=Window.AFTER_GAMES,
        stages={"postgame": Stage(1)},
        game_table="nbac_player_boxscores",
    ),
)
