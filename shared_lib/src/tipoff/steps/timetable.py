"""The timetable of today, as one small object in the state bucket.

It is made from the schedule when it is missing, of another date, or forgotten. It is forgotten when a schedule is
ingested. Everything that would otherwise ask the warehouse for today's games reads it.
"""

from datetime import date, timedelta

import msgspec

from tipoff import sources
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.storage import ObjectStore
from tipoff.core.collect.model import Game
from tipoff.core.errors import Conflict, NotReady
from tipoff.core.timetable import Timetable, timetable
from tipoff.runtime.settings import StateSettings
from tipoff.steps.queries import load
from tipoff.steps.wiring import StateWiring

KEY = "timetable.json"
SCHEDULE = "nbac_schedule"
FORGOTTEN = Timetable(date.min, (), (), schedule_is_known=False)
ATTEMPTS = 3


class _Count(msgspec.Struct, frozen=True):
    games: int


def timetable_of(context: StateWiring[StateSettings], day: date) -> Timetable:
    """The timetable of a date; made, and kept in the state bucket, if another one or none is there."""
    for _ in range(ATTEMPTS):
        found, generation = _read(context.store, context.settings.bucket_state)
        if found.day == day:
            return found
        made = _make(context.warehouse, day)
        try:
            context.store.write(context.settings.bucket_state, KEY, msgspec.json.encode(made), if_generation=generation)
        except Conflict:
            continue  # a schedule was ingested meanwhile, or another caller made one
        return made
    return made


def forget_timetable(context: StateWiring[StateSettings]) -> None:
    """Let the next reader make the timetable again; a reader that is making one now finds that it was forgotten."""
    context.store.write(context.settings.bucket_state, KEY, msgspec.json.encode(FORGOTTEN))


def games_of(warehouse: Warehouse, start_date: date, end_date: date) -> tuple[Game, ...]:
    """Games of a range of Eastern dates on the newest schedule, by tip-off."""
    range_ = {"start_date": start_date, "end_date": end_date}
    return tuple(warehouse.rows(load("collect/games"), range_, Game))


def schedule_is_known(warehouse: Warehouse) -> bool:
    """Whether the warehouse holds any schedule."""
    return warehouse.rows(load("collect/schedule"), {}, _Count)[0].games > 0


def _make(warehouse: Warehouse, day: date) -> Timetable:
    games = games_of(warehouse, day - timedelta(days=1), day)
    known = bool(games) or schedule_is_known(warehouse)
    return timetable(day, games, sources.WINDOWS, sources.EXPECTED_OUTPUTS, schedule_is_known=known)


def _read(store: ObjectStore, bucket: str) -> tuple[Timetable, int]:
    try:
        found = store.read(bucket, KEY)
    except NotReady:
        return FORGOTTEN, 0
    try:
        return msgspec.json.decode(found.data, type=Timetable), found.generation
    except msgspec.DecodeError:
        return FORGOTTEN, found.generation  # another release wrote it
