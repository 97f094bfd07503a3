"""Shared by NBA.com documents: game identity, minutes, and the checks of an object name against its body."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Annotated

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.contracts.results import DocumentRefused
from tipoff.core.contracts.routes import Route
from tipoff.core.game_date import EASTERN, game_date_of

Instant = Annotated[datetime, msgspec.Meta(tz=True)]

_DURATION = re.compile(r"PT([0-9]{1,3})M(?:([0-5][0-9]|60)(?:\.([0-9]{1,2}))?S)?")
_CLOCK_TEXT = re.compile(r"([0-9]{1,3})(?:\.0{1,6})?:([0-5][0-9]|60)")
_MINUTES = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?")
_GAME_CODE = re.compile(r"([0-9]{8})/([A-Z]{3})([A-Z]{3})")
OPEN_KINDS = ("preseason", "all_star")  # teams outside the league may play too
REGULATION_TENTHS = 240 * 600
OVERTIME_TENTHS = 25 * 600
MAX_OVERTIMES = 6  # the league's record, of 1951-01-06
MAX_PLUS_MINUS = 200  # more than twice the league's largest win


class Identity(msgspec.Struct, frozen=True):
    """A game's ids, date and season, which each row of its document repeats."""

    nba_game_id: str
    game_date: date
    season_year: int
    season_type: str


def identity(route: Route, body_id: str, field: str = "$.game.gameId") -> Identity:
    """Identity of the game of a document whose name has date and id.

    Raises:
        DocumentRefused: unknown_game if the id is not an NBA game id, id_mismatch if name and body differ,
            date_mismatch if the document was captured before the day of its game.
    """
    day, named, captured_at = route.day, route.nba_game_id, route.captured_at
    if day is None or named is None or captured_at is None:
        raise ValueError("the name of a game document has date, id and capture instant")
    if body_id != named:
        raise DocumentRefused(Reason.ID_MISMATCH, "name and body have the same game id", field, body_id)
    try:
        game_id = ids.nba_game_id(body_id)
    except ValueError as error:
        raise DocumentRefused(Reason.UNKNOWN_GAME, "a game id begins with 001 to 006", field, body_id) from error
    check_captured(captured_at, day)
    return Identity(game_id, day, ids.season_year(game_id), ids.season_type(game_id))


def check_captured(captured_at: datetime, day: date) -> None:
    """Refuse (date_mismatch) a capture from before the game's date."""
    if captured_at.astimezone(EASTERN).date() < day:
        raise DocumentRefused(Reason.DATE_MISMATCH, "a game is not captured before its date", "name", captured_at)


def check_tipoff_date(tipoff_at: datetime | None, day: date, field: str) -> None:
    """Refuse (date_mismatch) a tip-off on another Eastern date than the name's."""
    if tipoff_at is None:
        return
    try:
        derived = game_date_of(tipoff_at)
    except ValueError as error:
        raise DocumentRefused(Reason.DATE_MISMATCH, str(error), field, tipoff_at) from error
    if derived != day:
        raise DocumentRefused(Reason.DATE_MISMATCH, "the tip-off is on the name's Eastern date", field, tipoff_at)


def check_game_code(code: str | None, day: date, pair: tuple[str, str] | None = None) -> None:
    """Refuse a gameCode of another date (date_mismatch) or, if `pair` is given, of other teams (id_mismatch)."""
    if code is None:
        return
    match = _GAME_CODE.fullmatch(code)
    if match is None:
        raise DocumentRefused(Reason.SCHEMA, "gameCode is YYYYMMDD/AWAYHOME", "$.game.gameCode", code)
    if match.group(1) != f"{day:%Y%m%d}":
        raise DocumentRefused(Reason.DATE_MISMATCH, "gameCode is of the name's date", "$.game.gameCode", code)
    if pair is not None and match.groups()[1:] != pair:
        raise DocumentRefused(Reason.ID_MISMATCH, "gameCode names the document's teams", "$.game.gameCode", code)


def check_pair_of_code(code: str | None, pair: tuple[str | None, str | None], path: str) -> None:
    """Refuse (id_mismatch) a gameCode of other teams or with home and away exchanged. Other forms are not checked."""
    match = _GAME_CODE.fullmatch(code or "")
    if match is not None and all(pair) and match.groups()[1:] != pair:
        raise DocumentRefused(Reason.ID_MISMATCH, "gameCode names the game's teams", f"{path}.gameCode", code)


def check_team(team_id: int, tricode: str, field: str) -> None:
    """Refuse (unknown_team) an id and tricode that do not belong to the same NBA team."""
    if not teams.is_same_team(team_id, tricode):
        value = f"{team_id} {tricode}"
        raise DocumentRefused(Reason.UNKNOWN_TEAM, "id and tricode are those of one NBA team", field, value)


def check_league_team(game: Identity, team_id: int, tricode: str, field: str) -> None:
    """As `check_team`. A preseason or all-star game with a team outside the league is ignored (other_game)."""
    if game.season_type in OPEN_KINDS and not teams.is_same_team(team_id, tricode):
        rule = "a game with a team outside the league counts nowhere"
        raise DocumentRefused(Reason.OTHER_GAME, rule, field, f"{team_id} {tricode}", DocumentOutcome.IGNORED)
    check_team(team_id, tricode, field)


@lru_cache(maxsize=16384)
def tenths(text: str) -> int:
    """Tenths of a second of `PT38M52.00S`, `PT240M`, `49:25`, `49.000000:25`, `34.5` (minutes) or `35`.

    Sixty seconds are a minute: NBA.com rounds 23:59.6 to `23:60`.

    Raises:
        ValueError: any other form; signs included.
    """
    if match := _DURATION.fullmatch(text):
        minutes, seconds, fraction = match.groups()
        hundredths = int((fraction or "0").ljust(2, "0"))
        return int(minutes) * 600 + int(seconds or 0) * 10 + (hundredths + 5) // 10
    if match := _CLOCK_TEXT.fullmatch(text):
        return int(match.group(1)) * 600 + int(match.group(2)) * 10
    if _MINUTES.fullmatch(text):
        return int((Decimal(text) * 600).to_integral_value(ROUND_HALF_UP))
    raise ValueError(f"not a duration: {text[:20]!r}")


@lru_cache(maxsize=16384)
def minutes_of(duration_tenths: int) -> Decimal:
    """Minutes (NUMERIC, nine places, half up) of tenths of a second."""
    return (Decimal(duration_tenths) / 600).quantize(Decimal("1e-9"), ROUND_HALF_UP)


def duration(text: str, field: str) -> int:
    """Tenths of a second of a duration in any form that a source prints.

    Raises:
        DocumentRefused: bad_minutes.
    """
    try:
        return tenths(text)
    except ValueError as error:
        rule = "a duration reads PT38M52.00S, 49:25 or 35"
        raise DocumentRefused(Reason.BAD_MINUTES, rule, field, text) from error


def plus_minus(value: float | None, field: str) -> int | None:
    """Points of the team minus points of the opponent, while the player was on the court.

    Raises:
        DocumentRefused: stat_identity unless it is a plausible whole number.
    """
    if value is None:
        return None
    if not abs(value) <= MAX_PLUS_MINUS or value != int(value):
        rule = f"plus-minus is whole and within {MAX_PLUS_MINUS}"
        raise DocumentRefused(Reason.STAT_IDENTITY, rule, field, value)
    return int(value)


def overtimes(team_tenths: int, field: str) -> int:
    """Number of overtimes, from a team's total time.

    Raises:
        DocumentRefused: bad_minutes unless the total is 240 minutes and 25 per overtime.
    """
    count, rest = divmod(team_tenths - REGULATION_TENTHS, OVERTIME_TENTHS)
    if rest or not 0 <= count <= MAX_OVERTIMES:
        rule = "a team plays 240 minutes and 25 per overtime"
        raise DocumentRefused(Reason.BAD_MINUTES, rule, field, minutes_of(team_tenths))
    return count
