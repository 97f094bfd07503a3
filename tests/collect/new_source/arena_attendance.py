"""Attendance of the games of one date. Atomic."""

from datetime import date

import msgspec

from tipoff.core.codes import Reason
from tipoff.core.collect.collection import Collection
from tipoff.core.collect.judging import judge_list
from tipoff.core.collect.model import Host, Judgement, Key, SourceRequest, Target
from tipoff.core.collect.windows import Window
from tipoff.core.contracts import decoding
from tipoff.core.contracts.decoding import Int
from tipoff.core.contracts.results import Content, DocumentRefused, Row, TableRows
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.source import Source

OBJECT_NAME = Template("arenas/attendance/{date}/{ts}.json")
PARSE_SEQ = 1
HOST = Host("api.arenas.example", 0.0)
KEY = Key("arenas_key", header="X-Key")


class Game(msgspec.Struct, frozen=True):
    """One game."""

    gameId: str
    attendance: Int


class Document(msgspec.Struct, frozen=True):
    """The envelope."""

    games: list[Game]


class AttendanceRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of arena_attendance."""

    nba_game_id: str
    game_date: date
    attendance: int


def parse(where: Route, body: bytes) -> Content:
    """Rows of arena_attendance.

    Raises:
        DocumentRefused: stat_identity if a number is negative, or any code of an atomic document.
    """
    if where.captured_at is None or where.day is None:
        raise ValueError("the name carries a date and an instant")
    games = decoding.decode(body, Document).games
    for game in games:
        if game.attendance < 0:
            raise DocumentRefused(Reason.STAT_IDENTITY, "attendance is not negative", "attendance", game.attendance)
    rows = tuple(
        AttendanceRow(nba_game_id=game.gameId, game_date=where.day, attendance=game.attendance) for game in games
    )
    return Content((TableRows("arena_attendance", rows),), where.captured_at)


def requests(target: Target) -> tuple[SourceRequest, ...]:
    """The attendance of one date."""
    return (
        SourceRequest(
            source="arena_attendance",
            host=HOST,
            path="/attendance",
            identity=f"arena_attendance/{target.day}",
            day=target.day,
            judge=judge,
            template=OBJECT_NAME,
            name_fields={"date": target.day},
            params=(("date", target.day.isoformat()),),
            key=KEY,
        ),
    )


def judge(request: SourceRequest, body: bytes) -> Judgement:
    """A list of games."""
    return judge_list(request, len(msgspec.json.decode(body, type=Document).games))


SOURCE = Source(
    name="arena_attendance",
    object_names=(OBJECT_NAME,),
    parse=parse,
    parse_seq=PARSE_SEQ,
    collection=Collection(host=HOST, first_requests=requests, key=KEY, needs_games=False, window=Window.AFTER_GAMES),
)
