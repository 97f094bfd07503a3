"""Ball Don't Lie box scores of one date: the fallback for NBA.com. Atomic. Games that have not ended are skipped."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.collect.collection import Collection
from tipoff.core.collect.judging import judge_list
from tipoff.core.collect.model import Host, Judgement, Key, SourceRequest, Target
from tipoff.core.contracts import decoding
from tipoff.core.contracts.box_score import (
    BoxScoreRow,
    Statistics,
    box_score_values,
    check_player,
    did_something,
)
from tipoff.core.contracts.decoding import Int, PersonId
from tipoff.core.contracts.nba_common import check_captured, duration
from tipoff.core.contracts.results import Content, DocumentRefused, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.source import Source

OBJECT_NAME = Template("ball-dont-lie/boxscores/{date}/{ts}.json")
PARSE_SEQ = 2
HOST = Host("api.balldontlie.io", 1.0)
KEY = Key("balldontlie_key", header="Authorization")
MAX_PLAYER_TENTHS = 80 * 600


class Person(msgspec.Struct, frozen=True, gc=False):
    """The vendor's player."""

    id: PersonId
    first_name: str
    last_name: str


class Line(msgspec.Struct, frozen=True, gc=False):
    """One player's statistics. `min` is "00" for a player who did not play."""

    player: Person
    min: str | None = None
    fgm: Int | None = None
    fga: Int | None = None
    fg3m: Int | None = None
    fg3a: Int | None = None
    ftm: Int | None = None
    fta: Int | None = None
    oreb: Int | None = None
    dreb: Int | None = None
    reb: Int | None = None
    ast: Int | None = None
    stl: Int | None = None
    blk: Int | None = None
    turnover: Int | None = None
    pf: Int | None = None
    pts: Int | None = None


class Side(msgspec.Struct, frozen=True, gc=False):
    """One team with its players."""

    abbreviation: str
    players: list[Line]


class Game(msgspec.Struct, frozen=True, gc=False):
    """One game."""

    date: str
    season: Int
    status: str
    home_team: Side
    visitor_team: Side
    home_team_score: Int
    visitor_team_score: Int
    postseason: bool = False
    id: Int | None = None


class Document[G](msgspec.Struct, frozen=True):
    """The vendor's envelope. `G` is the type of a game, or Any to count games only."""

    data: list[G]


class OriginalDocument(msgspec.Struct, frozen=True):
    """The original collector's envelope."""

    boxScores: list[Game]


class BdlRow(BoxScoreRow, frozen=True, gc=False, kw_only=True):
    """A row of bdl_player_boxscores."""

    game_date: date
    game_id: str
    bdl_game_id: int | None
    season_year: int
    is_playoffs: bool
    team_abbr: str
    opponent_team_abbr: str
    is_home: bool
    team_score: int
    opponent_score: int
    bdl_player_id: int
    player_name: str
    player_lookup: str
    played: bool


class _Frame(msgspec.Struct, frozen=True):
    """Values that the rows of one side share."""

    day: date
    game: Game
    team: str
    opponent: str
    is_home: bool

    @property
    def game_id(self) -> str:
        """Platform id of the game."""
        away, home = (self.opponent, self.team) if self.is_home else (self.team, self.opponent)
        return ids.platform_id(self.day, away, home)

    @property
    def scores(self) -> tuple[int, int]:
        """Points of the team and of the opponent."""
        home, away = self.game.home_team_score, self.game.visitor_team_score
        return (home, away) if self.is_home else (away, home)


def parse(route: Route, body: bytes) -> Content:
    """Rows of bdl_player_boxscores of the finished games of the name's date.

    Raises:
        DocumentRefused: not_final (ignored) if no listed game is over, or any code of an atomic document.
    """
    if route.captured_at is None or route.day is None:
        raise ValueError("the name of a Ball Don't Lie box score has date and capture instant")
    tree = decoding.check_json(body)
    games = _games(tree)
    final = [game for game in games if game.status == "Final"]
    if games and not final:
        raise DocumentRefused(
            Reason.NOT_FINAL, "only final games are read", "status", games[0].status, DocumentOutcome.IGNORED
        )
    check_captured(route.captured_at, route.day)
    rows = [row for game in final for row in _game_rows(route.day, game)]
    seen: set[tuple[str, int]] = set()
    for row in rows:
        if (row.game_id, row.bdl_player_id) in seen:
            raise DocumentRefused(Reason.DUPLICATE_PLAYER, "listed once in a game", "player.id", row.bdl_player_id)
        seen.add((row.game_id, row.bdl_player_id))
    note = None if rows else Reason.EMPTY_LIST
    return Content((TableRows("bdl_player_boxscores", tuple(rows)),), route.captured_at, note=note)


def _games(tree: Any) -> list[Game]:
    if isinstance(tree, dict) and "boxScores" in tree:
        return decoding.typed(tree, OriginalDocument).boxScores
    return decoding.typed(tree, Document[Game]).data


def _game_rows(day: date, game: Game) -> Iterator[BdlRow]:
    if game.date[:10] != day.isoformat():
        raise DocumentRefused(Reason.DATE_MISMATCH, "name and games have the same date", "date", game.date)
    if game.season not in (day.year - 1, day.year):
        raise DocumentRefused(Reason.ID_MISMATCH, "a season begins in the game's year or before", "season", game.season)
    if game.home_team_score == game.visitor_team_score:
        raise DocumentRefused(
            Reason.STAT_IDENTITY, "a final game has a winner", "home_team_score", game.home_team_score
        )
    home, away = teams.by_code(game.home_team.abbreviation), teams.by_code(game.visitor_team.abbreviation)
    if home is None or away is None or home is away:
        value = f"{game.visitor_team.abbreviation}@{game.home_team.abbreviation}"
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "two different NBA teams", "abbreviation", value)
    for frame, side in (
        (_Frame(day, game, home.tricode, away.tricode, True), game.home_team),
        (_Frame(day, game, away.tricode, home.tricode, False), game.visitor_team),
    ):
        total = sum(line.pts or 0 for line in side.players)
        if total != frame.scores[0]:
            raise DocumentRefused(Reason.SUM_MISMATCH, "the players' points add up to the score", "pts", total)
        for line in side.players:
            yield _row(frame, line)


def _statistics(line: Line) -> Statistics:
    return Statistics(
        points=line.pts or 0,
        fieldGoalsMade=line.fgm or 0,
        fieldGoalsAttempted=line.fga or 0,
        threePointersMade=line.fg3m or 0,
        threePointersAttempted=line.fg3a or 0,
        freeThrowsMade=line.ftm or 0,
        freeThrowsAttempted=line.fta or 0,
        reboundsOffensive=line.oreb or 0,
        reboundsDefensive=line.dreb or 0,
        assists=line.ast or 0,
        steals=line.stl or 0,
        blocks=line.blk or 0,
        turnovers=line.turnover or 0,
        foulsPersonal=line.pf or 0,
        reboundsTotal=line.reb,
    )


def _row(frame: _Frame, line: Line) -> BdlRow:
    stats = _statistics(line)
    check_player(stats, "players")
    time_played = duration(line.min, "min") if line.min else 0
    if time_played > MAX_PLAYER_TENTHS:
        raise DocumentRefused(Reason.BAD_MINUTES, "a player does not play longer than a game", "min", line.min)
    name = f"{line.player.first_name} {line.player.last_name}".strip()
    lookup = ids.player_lookup(name)
    if not lookup:
        raise DocumentRefused(Reason.SCHEMA, "a name holds letters", "player", name)
    team_score, opponent_score = frame.scores
    return BdlRow(
        game_date=frame.day,
        game_id=frame.game_id,
        bdl_game_id=frame.game.id,
        season_year=frame.game.season,
        is_playoffs=frame.game.postseason,
        team_abbr=frame.team,
        opponent_team_abbr=frame.opponent,
        is_home=frame.is_home,
        team_score=team_score,
        opponent_score=opponent_score,
        bdl_player_id=line.player.id,
        player_name=name,
        player_lookup=lookup,
        played=time_played > 0 or did_something(stats),
        **box_score_values(stats, time_played),
    )


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The box scores of one date."""
    return (
        SourceRequest(
            source="bdl_player_boxscores",
            host=HOST,
            path="/v1/box_scores",
            identity=f"bdl_player_boxscores/{target.day}",
            day=target.day,
            judge=judge,
            template=OBJECT_NAME,
            name_fields={"date": target.day},
            params=(("date", target.day.isoformat()),),
            headers=(("Accept", "application/json"),),
            key=KEY,
        ),
    )


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """Judge a list of games in the vendor's envelope."""
    return judge_list(request, len(msgspec.json.decode(body, type=Document[Any]).data))


SOURCE = Source(
    name="bdl_player_boxscores",
    object_names=(OBJECT_NAME,),
    parse=parse,
    parse_seq=PARSE_SEQ,
    collection=Collection(host=HOST, first_requests=requests, key=KEY),
)
