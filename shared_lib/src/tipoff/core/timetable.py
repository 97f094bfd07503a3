"""What happens on an Eastern date, and when: a pure function of the schedule.

collect     on the ticks on which a source is due (`core.collect.windows`), 6:00 to 23:55
daily       at 11, 13, 15, 17 and each hour until 22, while a game of the date is still to begin
postgame    of the date at 22:00 if a game can be over; of the date before at 1:00, 4:00 and 9:30 if it has games
reconcile   after each instant at which an output of the two dates is due or given up; and twice on every date, so that
            dates without games are recorded
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff.core.collect.model import Game
from tipoff.core.collect.windows import FINAL_AFTER, Window, due, tick_of
from tipoff.core.expected import GameDay, Output, deadline_of, gives_up_at
from tipoff.core.game_date import eastern_instant

TICK = timedelta(minutes=5)
COLLECT_FROM_HOUR = 6
DAILY_HOURS = (11, 13, 15, 17, 18, 19, 20, 21, 22)
POSTGAME_HOUR = 22
POSTGAME_NIGHT = ((1, 0), (4, 0), (9, 30))
RECONCILE_HOURS = (6, 18)

type Workflow = Literal["collect", "daily", "postgame", "reconcile"]


class Entry(msgspec.Struct, frozen=True):
    """A workflow to start at an instant (UTC), for a date."""

    at: datetime
    workflow: Workflow
    game_date: date

    @property
    def key(self) -> str:
        """Identifies the start: no entry is started twice."""
        return f"{self.workflow}:{self.at:%Y-%m-%dT%H:%M}"


class Timetable(msgspec.Struct, frozen=True):
    """The entries of one Eastern date, in order, with the games (of that date and the one before) that they follow."""

    day: date
    games: tuple[Game, ...]
    entries: tuple[Entry, ...]
    schedule_is_known: bool = True


def timetable(
    day: date,
    games: Sequence[Game],
    windows: Mapping[str, Window],
    outputs: Sequence[Output],
    *,
    schedule_is_known: bool = True,
) -> Timetable:
    """The timetable of a date. As long as no schedule is known, `collect` runs every half hour to get one.

    Args:
        games: of the date and of the date before, by the newest schedule.
        windows: the window of each source.
        outputs: as `core.expected.expected_outputs` returns them.
    """
    before = day - timedelta(days=1)
    entries = [
        *_collect(day, games, windows, always=not schedule_is_known),
        *_daily(day, games),
        *_postgame(day, games),
        *_reconcile(day, [one for one in (_game_day(before, games), _game_day(day, games)) if one], outputs),
    ]
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.workflow))
    return Timetable(day, tuple(games), tuple(ordered), schedule_is_known)


def _standing(day: date, games: Sequence[Game]) -> list[Game]:
    return [game for game in games if game.game_date == day and not game.is_postponed]


def _collect(day: date, games: Sequence[Game], windows: Mapping[str, Window], *, always: bool) -> Iterator[Entry]:
    """A source may turn out to have everything; that is known only when it is asked."""
    at, end = eastern_instant(day, COLLECT_FROM_HOUR, 0), eastern_instant(day + timedelta(days=1), 0, 0)
    while at < end:
        if due(windows, games, at) or (always and at.minute % 30 == 0):
            yield Entry(at, "collect", day)
        at += TICK


def _daily(day: date, games: Sequence[Game]) -> Iterator[Entry]:
    standing = _standing(day, games)
    for at in (eastern_instant(day, hour, 0) for hour in DAILY_HOURS):
        if any(game.tipoff_at is None or at < game.tipoff_at for game in standing):
            yield Entry(at, "daily", day)


def _postgame(day: date, games: Sequence[Game]) -> Iterator[Entry]:
    evening, before = eastern_instant(day, POSTGAME_HOUR, 0), day - timedelta(days=1)
    if any(game.tipoff_at and game.tipoff_at + FINAL_AFTER <= evening for game in _standing(day, games)):
        yield Entry(evening, "postgame", day)
    if _standing(before, games):
        yield from (Entry(eastern_instant(day, hour, minute), "postgame", before) for hour, minute in POSTGAME_NIGHT)


def _game_day(day: date, games: Sequence[Game]) -> GameDay | None:
    standing = _standing(day, games)
    tips = [game.tipoff_at for game in standing if game.tipoff_at]
    if not standing:
        return None
    return GameDay(day, len(standing), 0, min(tips, default=None), max(tips, default=None), True, True)


def _reconcile(day: date, game_days: Sequence[GameDay], outputs: Sequence[Output]) -> Iterator[Entry]:
    first, last = eastern_instant(day, 0, 0), eastern_instant(day + timedelta(days=1), 0, 0)
    instants = {eastern_instant(day, hour, 0) for hour in RECONCILE_HOURS}
    for game_day in game_days:
        for output in outputs:
            instants |= {tick_of(when(game_day, output)) + TICK for when in (deadline_of, gives_up_at)}
    yield from (Entry(at, "reconcile", day) for at in sorted(instants) if first <= at < last)
