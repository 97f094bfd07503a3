"""When a source is due, by the schedule: on ticks every five minutes, in Eastern time.

morning       09:00 and 15:00, every day
hourly        at :35 from 09:35 until the last tip-off (injury reports carry the half hour in their header)
before games  every 30 minutes from six hours before the first tip-off until the last; and once per game on the last
              tick not later than five minutes before its tip-off, for the closing line
after games   every 30 minutes from 2 h 30 after a tip-off until six hours after it, for those games
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tipoff.core.collect.model import Game
from tipoff.core.game_date import EASTERN

BEFORE_FIRST = timedelta(hours=6)
CLOSING = timedelta(minutes=5)
FINAL_AFTER, FINAL_UNTIL = timedelta(minutes=150), timedelta(hours=6)
MORNING_AT = ("09:00", "15:00")


class Window(StrEnum):
    """The rule by which a source is due. The sources of one tick are called in this order."""

    MORNING = "morning"
    HOURLY = "hourly"
    BEFORE_GAMES = "before_games"
    AFTER_GAMES = "after_games"


@dataclass(frozen=True, slots=True)
class Slot:
    """What to collect for a window on one tick.

    Attributes:
        game_date: Eastern.
        reason: which part of the rule applies.
        games: NBA ids to collect; empty for the whole date.
    """

    game_date: date
    reason: str
    games: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """One source and date to collect now. `window` and `games` are the slot's reason and games."""

    source: str
    game_date: date
    window: str
    games: tuple[str, ...] = ()


def tick_of(instant: datetime) -> datetime:
    """The last tick not later than an instant."""
    return instant - timedelta(minutes=instant.minute % 5, seconds=instant.second, microseconds=instant.microsecond)


def due(windows: Mapping[str, Window], games: Sequence[Game], now: datetime) -> tuple[Due, ...]:
    """What is due on the tick of `now`.

    Args:
        windows: the window of each source, by the source's name.
        games: of the Eastern dates yesterday and today.
    """
    tick = tick_of(now)
    return tuple(
        Due(source, slot.game_date, slot.reason, slot.games)
        for window in Window
        for slot in _SLOTS[window](games, tick)
        for source in windows
        if windows[source] is window
    )


def closing_tick(tipoff_at: datetime) -> datetime:
    """The tick of a game's closing snapshot: five to ten minutes before its tip-off."""
    return tick_of(tipoff_at - CLOSING)


def _morning(games: Sequence[Game], tick: datetime) -> Iterator[Slot]:
    local = tick.astimezone(EASTERN)
    if f"{local:%H:%M}" in MORNING_AT:
        yield Slot(local.date(), "morning")


def _tonight(games: Sequence[Game], tick: datetime) -> dict[str, datetime]:
    """Tip-offs (UTC) of today's games by NBA id; empty after the last tip-off."""
    today = tick.astimezone(EASTERN).date()
    tips = {
        game.nba_game_id: game.tipoff_at
        for game in games
        if game.game_date == today and game.tipoff_at and not game.is_postponed
    }
    return tips if any(tick < tip for tip in tips.values()) else {}


def _hourly(games: Sequence[Game], tick: datetime) -> Iterator[Slot]:
    local = tick.astimezone(EASTERN)
    if _tonight(games, tick) and local.minute == 35 and local.hour >= 9:
        yield Slot(local.date(), "hourly")


def _before_games(games: Sequence[Game], tick: datetime) -> Iterator[Slot]:
    tips, today = _tonight(games, tick), tick.astimezone(EASTERN).date()
    if not tips:
        return
    if tick >= tick_of(min(tips.values()) - BEFORE_FIRST) and tick.minute % 30 == 0:
        yield Slot(today, "half-hourly")
        return
    closing = tuple(game_id for game_id, tip in tips.items() if closing_tick(tip) == tick)
    if closing:
        yield Slot(today, "closing", closing)


def _after_games(games: Sequence[Game], tick: datetime) -> Iterator[Slot]:
    if tick.minute % 30:
        return
    played = (game for game in games if not game.is_postponed and not game.is_final)
    over = [game for game in played if game.tipoff_at and FINAL_AFTER <= tick - game.tipoff_at <= FINAL_UNTIL]
    for day in sorted({game.game_date for game in over}):
        yield Slot(day, "finals", tuple(game.nba_game_id for game in over if game.game_date == day))


_SLOTS: Mapping[Window, Callable[[Sequence[Game], datetime], Iterator[Slot]]] = {
    Window.MORNING: _morning,
    Window.HOURLY: _hourly,
    Window.BEFORE_GAMES: _before_games,
    Window.AFTER_GAMES: _after_games,
}
