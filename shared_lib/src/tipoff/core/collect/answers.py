"""Telling answers apart by what they are: a document, nothing yet, or one of the ways in which a source goes wrong."""

from collections.abc import Callable
from typing import Any

import msgspec

from tipoff.core.collect import sources
from tipoff.core.collect.asks import event_of
from tipoff.core.collect.model import Answer, Ask, Judged, Verdict
from tipoff.core.collect.snapshots import elements

FINAL = 3
CALLED_OFF = ("PPD", "POSTPONED", "CANCEL")
_OUT_OF_CREDITS = b"OUT_OF_USAGE_CREDITS"
_FILES = (sources.CDN.name, sources.REPORTS.name)  # these answer 403 for a file that is not there
_HTML = (b"<!doctype", b"<html", b"<?xml", b"<")


def judge(ask: Ask, answer: Answer) -> Judged:
    """What an answer is. Total: any bytes have a verdict, and none raises."""
    return _by_status(ask, answer) or _by_shape(ask, answer) or _by_content(ask, answer)


def _by_status(ask: Ask, answer: Answer) -> Judged | None:
    status = answer.status
    if status == 200:
        return None
    said = f"HTTP {status}"
    if status == 304:
        return Judged(Verdict.UNCHANGED)
    if _OUT_OF_CREDITS in answer.body:
        return Judged(Verdict.QUOTA_EXHAUSTED, said)
    if status == 429:
        return Judged(Verdict.RATE_LIMITED, said)
    if status == 408 or status >= 500:
        return Judged(Verdict.UNAVAILABLE, said)
    if status == 404 or status == 403 and ask.host in _FILES:
        return Judged(_absent(ask), said)
    is_key = ask.secret is not None and status in (401, 403)
    return Judged(Verdict.KEY_REFUSED if is_key else Verdict.REQUEST_REFUSED, said)


def _absent(ask: Ask) -> Verdict:
    return Verdict.POSTPONED if ask.game is not None and ask.game.is_postponed else Verdict.NOT_THERE_YET


def _by_shape(ask: Ask, answer: Answer) -> Judged | None:
    body = answer.body.strip()
    if ask.shape == "pdf":
        return _pdf(body)
    if ask.shape == "html":
        return None if body else Judged(Verdict.TRUNCATED_BODY, "an empty page")
    if not body:
        return Judged(Verdict.TRUNCATED_BODY, "no bytes")
    if body[:9].lower().startswith(_HTML):
        return Judged(Verdict.ERROR_PAGE, "a page where a document should be")
    if body[:1] not in (b"{", b"["):
        return Judged(Verdict.ERROR_PAGE, "neither an object nor a list")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Judged(Verdict.TRUNCATED_BODY, f"JSON that ends after {len(body)} bytes or breaks off inside")
    return None


def _pdf(body: bytes) -> Judged | None:
    if not body.startswith(b"%PDF-"):
        return Judged(Verdict.ERROR_PAGE, "no PDF")
    if b"%%EOF" not in body[-1024:]:
        return Judged(Verdict.TRUNCATED_BODY, f"a PDF without its end after {len(body)} bytes")
    return None


def _by_content(ask: Ask, answer: Answer) -> Judged:
    if ask.shape == "pdf":
        return Judged(Verdict.DOCUMENT)
    if ask.shape == "html":
        return _injury_index(ask, answer.body)
    try:
        return _CONTENT[ask.source](ask, answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Judged(Verdict.MOVED_SCHEMA, str(error))


def _injury_index(ask: Ask, page: bytes) -> Judged:
    if b"Injury-Report_" in page:
        return Judged(Verdict.DOCUMENT)
    if b"njury" in page:
        return Judged(Verdict.NOT_THERE_YET, "the page links no report yet")
    return Judged(Verdict.ERROR_PAGE, "not the injury page")


class _Leaf(msgspec.Struct, frozen=True):
    games: list[Any] = []


class _Schedule(msgspec.Struct, frozen=True):
    class League(msgspec.Struct, frozen=True):
        """The season."""

        seasonYear: str
        gameDates: list[_Leaf]

    leagueSchedule: League


def _schedule(ask: Ask, body: bytes) -> Judged:
    league = msgspec.json.decode(body, type=_Schedule).leagueSchedule
    games = sum(len(day.games) for day in league.gameDates)
    return Judged(Verdict.DOCUMENT) if games else Judged(Verdict.EMPTY_ON_GAME_DAY, "a schedule without games")


class _Scoreboard(msgspec.Struct, frozen=True):
    class Board(msgspec.Struct, frozen=True):
        """The date's games."""

        gameDate: str
        games: list[Any]

    scoreboard: Board


def _scoreboard(ask: Ask, body: bytes) -> Judged:
    board = msgspec.json.decode(body, type=_Scoreboard).scoreboard
    if board.gameDate != ask.day.isoformat():
        return Judged(Verdict.NOT_THERE_YET, f"the board is of {board.gameDate[:10]}")
    return _listed(ask, len(board.games))


class _Box(msgspec.Struct, frozen=True):
    class Game(msgspec.Struct, frozen=True):
        """One game."""

        gameId: str
        gameStatus: int
        homeTeam: dict[str, Any]
        awayTeam: dict[str, Any]
        gameStatusText: str = ""

    game: Game


def _boxscore(ask: Ask, body: bytes) -> Judged:
    game = msgspec.json.decode(body, type=_Box).game
    if ask.game is not None and game.gameId != ask.game.nba_game_id:
        return Judged(Verdict.MOVED_SCHEMA, f"a box score of {game.gameId[:10]}")
    if game.gameStatusText.upper().startswith(CALLED_OFF) or (game.gameStatus != FINAL and _absent(ask) != _NOT_YET):
        return Judged(Verdict.POSTPONED, game.gameStatusText[:40])
    if game.gameStatus != FINAL:
        return Judged(_NOT_YET, f"game status {game.gameStatus}")
    return Judged(Verdict.DOCUMENT)


_NOT_YET = Verdict.NOT_THERE_YET


class _Plays(msgspec.Struct, frozen=True):
    class Action(msgspec.Struct, frozen=True):
        """One action."""

        actionType: str
        subType: str | None = None

    class Game(msgspec.Struct, frozen=True):
        """One game."""

        gameId: str
        actions: "list[_Plays.Action]"

    game: Game


def _play_by_play(ask: Ask, body: bytes) -> Judged:
    game = msgspec.json.decode(body, type=_Plays).game
    if ask.game is not None and game.gameId != ask.game.nba_game_id:
        return Judged(Verdict.MOVED_SCHEMA, f"a play-by-play of {game.gameId[:10]}")
    if not game.actions:
        return Judged(_absent(ask), "no action yet")
    marks = {(action.actionType, action.subType) for action in game.actions if action.actionType in ("period", "game")}
    if marks and ("game", "end") not in marks:
        return Judged(_NOT_YET, "the game has not ended")
    return Judged(Verdict.DOCUMENT)


class _Gamelog(msgspec.Struct, frozen=True):
    class Part(msgspec.Struct, frozen=True):
        """One result set."""

        name: str
        headers: list[str]
        rowSet: list[Any]

    resultSets: list[Part]


def _gamelog(ask: Ask, body: bytes) -> Judged:
    parts = msgspec.json.decode(body, type=_Gamelog).resultSets
    log = next((part for part in parts if part.name == "LeagueGameLog"), None)
    if log is None or not {"GAME_ID", "PLAYER_ID", "PTS"} <= set(log.headers):
        return Judged(Verdict.MOVED_SCHEMA, "no LeagueGameLog with its headers")
    return _listed(ask, len(log.rowSet))


def _balldontlie(ask: Ask, body: bytes) -> Judged:
    return _listed(ask, len(msgspec.json.decode(body, type=dict[str, list[Any]])["data"]))


def _events(ask: Ask, body: bytes) -> Judged:
    envelope, found = elements(body)
    if envelope is None and body.lstrip()[:1] != b"[":
        return Judged(Verdict.MOVED_SCHEMA, "neither a list nor an envelope")
    for raw in found:
        event_of(raw)
    return _listed(ask, len(found))


class _Quotes(msgspec.Struct, frozen=True):
    id: str
    bookmakers: list[Any]


def _event_odds(ask: Ask, body: bytes) -> Judged:
    _, found = elements(body)
    quotes = msgspec.json.decode(found[0], type=_Quotes) if len(found) == 1 else None
    if quotes is None or ask.event is None or quotes.id != ask.event.event_id:
        return Judged(Verdict.MOVED_SCHEMA, "not the event asked for")
    return Judged(Verdict.DOCUMENT) if quotes.bookmakers else Judged(_NOT_YET, "no bookmaker quotes it yet")


def _listed(ask: Ask, entries: int) -> Judged:
    """A list is a document; an empty one is right on a date without games that are still to be played."""
    if entries:
        return Judged(Verdict.DOCUMENT)
    if any(not game.is_postponed for game in ask.games):
        return Judged(Verdict.EMPTY_ON_GAME_DAY, f"an empty list, and {len(ask.games)} games")
    return Judged(Verdict.EMPTY)


_CONTENT: dict[str, Callable[[Ask, bytes], Judged]] = {
    "nbac_schedule": _schedule,
    "nbac_scoreboard": _scoreboard,
    "nbac_boxscore": _boxscore,
    "nbac_play_by_play": _play_by_play,
    "nbac_gamelog": _gamelog,
    "odds_api_events": _events,
    "odds_api_game_lines": _events,
    "odds_api_player_props": _event_odds,
    "bdl_player_boxscores": _balldontlie,
}
