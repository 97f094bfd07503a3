"""A tick starts what the timetable has, once; the warehouse is asked only when there is no timetable."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.support.objects import Objects

from tipoff.core.collect.model import Game
from tipoff.core.game_date import eastern_instant
from tipoff.runtime.settings import ReconcileSettings
from tipoff.steps.tick import Tick, reconcile_again, tick
from tipoff.steps.timetable import KEY, forget_timetable, timetable_of
from tipoff.steps.wiring import StateWiring

DAY = date(2025, 1, 15)
GAME = Game("0022400551", DAY, "2024-25", "BOS", "NYK", eastern_instant(DAY, 19, 40))
type Context = StateWiring[ReconcileSettings]


@dataclass
class Schedule:
    """The warehouse, which knows these games; `asked` counts statements."""

    games: list[Game] = field(default_factory=lambda: [GAME])
    asked: int = 0
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def rows(self, sql: str, parameters: dict[str, Any], row_type: Any) -> list[Any]:
        self.asked += 1
        found = list(self.games)
        if self.meanwhile:
            self.meanwhile.pop()()
        return found if row_type is Game else [row_type(len(found))]


@dataclass
class Started:
    """The workflows that were started."""

    names: list[str] = field(default_factory=list)

    def start(self, workflow: str, argument: dict[str, str | int]) -> None:
        self.names.append(f"{workflow} {argument.get('game_date', '')}".strip())


@pytest.fixture
def context() -> Context:
    names = ("collect", "daily", "postgame", "reconcile")
    settings = SimpleNamespace(bucket_state="state", **{f"workflow_{name}": name for name in names})
    found = SimpleNamespace(settings=settings, warehouse=Schedule(), store=Objects(), workflows=Started())
    return cast("Context", found)


def asked(context: Context) -> int:
    return cast("Schedule", context.warehouse).asked


def ticks(context: Context, first: datetime, last: datetime) -> list[str]:
    """What the ticks of a time start."""
    started = cast("Started", context.workflows)
    started.names.clear()
    while first <= last:
        tick(context, Tick(first))
        first += timedelta(minutes=5)
    return list(started.names)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return eastern_instant(day, hour, minute)


def test_a_game_day_asks_the_warehouse_once(context: Context) -> None:
    started = ticks(context, at(0), at(23, 55))
    assert asked(context) == 1
    assert started.count(f"daily {DAY}") == 6, "11, 13, 15, 17, 18, 19: none after the tip-off"
    assert started.count(f"postgame {DAY}") == 0, "the game is not over at 22:00"
    next_day = ticks(context, at(0, day=DAY + timedelta(days=1)), at(23, 55, DAY + timedelta(days=1)))
    assert next_day.count(f"postgame {DAY}") == 3
    assert not [name for name in next_day if name.startswith("daily")]


def test_a_date_without_games_has_next_to_no_entries(context: Context) -> None:
    cast("Schedule", context.warehouse).games = []
    forget_timetable(context)
    assert sorted(ticks(context, at(0), at(23, 55))) != []
    cast("Schedule", context.warehouse).games = [Game("1", DAY - timedelta(days=9), "2024-25", "BOS", "NYK", None)]
    forget_timetable(context)
    quiet = ticks(context, at(0, day=DAY + timedelta(days=9)), at(23, 55, DAY + timedelta(days=9)))
    assert sorted(quiet) == ["collect", "collect", "reconcile", "reconcile"]


def test_a_tick_that_is_repeated_starts_nothing_twice_and_a_missed_one_is_made_up_for(context: Context) -> None:
    ticks(context, at(10, 35), at(10, 55))
    assert ticks(context, at(11), at(11)) == [f"daily {DAY}"]
    assert ticks(context, at(11), at(11, 20)) == []
    assert f"daily {DAY}" in ticks(context, at(13, 25), at(13, 25))
    assert f"daily {DAY}" not in ticks(context, at(15, 30), at(15, 30)), "half an hour late: another run comes soon"


def test_a_timetable_that_is_lost_or_forgotten_or_broken_is_made_again(context: Context) -> None:
    objects = cast("Objects", context.store)
    made = timetable_of(context, DAY)
    assert timetable_of(context, DAY) == made and asked(context) == 1
    del objects.held[KEY]
    assert timetable_of(context, DAY) == made and asked(context) == 2
    objects.write("state", KEY, b'{"of": "another release"}')
    assert timetable_of(context, DAY) == made and asked(context) == 3
    moved = Game(GAME.nba_game_id, DAY, GAME.season, "BOS", "NYK", at(15))
    cast("Schedule", context.warehouse).games = [moved]
    forget_timetable(context)
    assert timetable_of(context, DAY).games == (moved,)


def test_a_schedule_that_is_ingested_while_a_timetable_is_made_is_not_lost(context: Context) -> None:
    schedule = cast("Schedule", context.warehouse)
    moved = Game(GAME.nba_game_id, DAY, GAME.season, "BOS", "NYK", at(15))

    def ingested() -> None:
        schedule.games = [moved]
        forget_timetable(context)

    schedule.meanwhile = [ingested]
    assert timetable_of(context, DAY).games == (moved,)
    assert timetable_of(context, DAY).games == (moved,) and schedule.asked == 2


def test_without_a_schedule_it_is_collected_every_half_hour(context: Context) -> None:
    cast("Schedule", context.warehouse).games = []
    assert ticks(context, at(6), at(8, 55)).count("collect") == 6


def test_what_is_late_is_looked_at_again(context: Context) -> None:
    ticks(context, at(7), at(7))
    reconcile_again(context, at(7, 15))
    assert ticks(context, at(7, 5), at(7, 25)) == ["reconcile"]
    reconcile_again(context, None)
    assert ticks(context, at(7, 30), at(7, 55)) == []


def test_a_clock_change_neither_loses_nor_repeats_an_entry(context: Context) -> None:
    """On 2025-11-02 the hour from 1:00 to 2:00 comes twice."""
    day = date(2025, 11, 2)
    before = Game("2", day - timedelta(days=1), "2025-26", "BOS", "NYK", datetime(2025, 11, 2, 0, tzinfo=UTC))
    cast("Schedule", context.warehouse).games = [before]
    started = ticks(context, at(0, day=day), at(23, 55, day))
    assert started.count(f"postgame {before.game_date}") == 3
