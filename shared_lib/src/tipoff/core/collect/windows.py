"""When each source is to be asked, from the schedule: on a grid of five minutes, in Eastern time.

schedule       09:00 and 15:00, every day
injuries       hourly at :35 from 09:35 until the last tip-off (reports carry the half hour in their header)
events, lines  every 30 minutes from six hours before the first tip-off until the last
closing lines  once per game, on the last tick not later than five minutes before its tip-off
finals         every 30 minutes from 2 h 30 after a tip-off until six hours after it, for the games concerned
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tipoff.core.collect.model import Game
from tipoff.core.game_date import EASTERN

TICK = timedelta(minutes=5)
BEFORE_FIRST = timedelta(hours=6)
CLOSING = timedelta(minutes=5)
FINAL_AFTER, FINAL_UNTIL = timedelta(minutes=150), timedelta(hours=6)
SCHEDULE_AT = ("09:00", "15:00")
QUOTED = ("odds_api_game_lines", "odds_api_player_props")
FINALS = ("nbac_boxscore", "nbac_play_by_play")


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to collect now.

    Attributes:
        source: which.
        game_date: Eastern.
        window: which rule says so.
        games: NBA ids it is limited to; empty for the whole date.
    """

    source: str
    game_date: date
    window: str
    games: tuple[str, ...] = ()


def tick_of(instant: datetime) -> datetime:
    """The newest tick of the grid not later than an instant."""
    return instant - timedelta(minutes=instant.minute % 5, seconds=instant.second, microseconds=instant.microsecond)


def due(games: Sequence[Game], now: datetime) -> tuple[Due, ...]:
    """What is due on the tick that `now` belongs to.

    Args:
        games: those of the Eastern dates of yesterday and today.
    """
    tick = tick_of(now)
    today = tick.astimezone(EASTERN).date()
    tonight = tuple(game for game in games if game.game_date == today and game.tipoff_at and not game.is_postponed)
    played = tuple(game for game in games if game.tipoff_at and not game.is_postponed and not game.is_final)
    return (*_morning(today, tick), *_before(tonight, today, tick), *_after(played, tick))


def closing_tick(tipoff_at: datetime) -> datetime:
    """The tick of a game's closing snapshot: five to ten minutes before its tip-off."""
    return tick_of(tipoff_at - CLOSING)


def _morning(today: date, tick: datetime) -> Iterator[Due]:
    if f"{tick.astimezone(EASTERN):%H:%M}" in SCHEDULE_AT:
        yield Due("nbac_schedule", today, "morning")


def _before(tonight: tuple[Game, ...], today: date, tick: datetime) -> Iterator[Due]:
    tips = [game.tipoff_at for game in tonight if game.tipoff_at]
    if not tips or tick >= max(tips):
        return
    local = tick.astimezone(EASTERN)
    if local.minute == 35 and local.hour >= 9:
        yield Due("nbac_injury_report_pdf", today, "hourly")
    if tick >= tick_of(min(tips) - BEFORE_FIRST) and tick.minute % 30 == 0:
        yield from (Due(source, today, "half-hourly") for source in QUOTED)
        return
    closing = tuple(game.nba_game_id for game in tonight if game.tipoff_at and closing_tick(game.tipoff_at) == tick)
    if closing:
        yield from (Due(source, today, "closing", closing) for source in QUOTED)


def _after(played: tuple[Game, ...], tick: datetime) -> Iterator[Due]:
    if tick.minute % 30:
        return
    over = [game for game in played if game.tipoff_at and FINAL_AFTER <= tick - game.tipoff_at <= FINAL_UNTIL]
    for day in sorted({game.game_date for game in over}):
        ids = tuple(game.nba_game_id for game in over if game.game_date == day)
        yield from (Due(source, day, "finals", ids) for source in FINALS)
