"""Tick: start what the timetable has for this instant. The scheduler calls every five minutes; mostly nothing is due.

A tick that was missed is made up for by the next ones, for half an hour. What was started is kept in the state bucket,
so that a call that is repeated starts nothing twice. A call that is killed between a start and its record does start
again: each workflow is safe to run twice.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from tipoff.core.errors import NotReady
from tipoff.core.game_date import game_date_of
from tipoff.core.timetable import Entry, Timetable
from tipoff.runtime.settings import ReconcileSettings
from tipoff.steps.timetable import timetable_of
from tipoff.steps.wiring import StateWiring

KEY = "ticks.json"
AGAIN_KEY = "reconcile.json"
MADE_UP_FOR = timedelta(minutes=30)


class Tick(msgspec.Struct, frozen=True):
    """Body of `/tick`: the instant that is meant; None for now."""

    as_of: datetime | None = None


class Ticked(msgspec.Struct, frozen=True):
    """The result: what was started."""

    status: Literal["completed"]
    outcome: Literal["ok"]
    code: str
    started: tuple[str, ...] = ()


class Started(msgspec.Struct, frozen=True):
    """What ticks have started, by the key of the entry, with its instant."""

    entries: dict[str, datetime] = {}


class Again(msgspec.Struct, frozen=True):
    """When to reconcile again before the timetable says so; None if nothing is missing."""

    at: datetime | None = None


def tick(context: StateWiring[ReconcileSettings], request: Tick) -> Ticked:
    """Start the workflows that are due and were not started."""
    now = request.as_of or context.clock()
    started, generation = _read_started(context)
    table = timetable_of(context, game_date_of(now))
    wanted = [entry for entry in entries_due(table, now) if entry.key not in started.entries]
    if (again := _reconcile_again(context, now)) is not None and again.key not in started.entries:
        wanted.append(again)
    for entry in wanted:
        _start(context, entry)
    if wanted:
        kept = {key: at for key, at in started.entries.items() if now - at <= 2 * MADE_UP_FOR}
        record = Started(kept | {entry.key: entry.at for entry in wanted})
        context.store.write(context.settings.bucket_state, KEY, msgspec.json.encode(record), if_generation=generation)
    return Ticked("completed", "ok", "OK", tuple(entry.key for entry in wanted))


def entries_due(table: Timetable, now: datetime) -> list[Entry]:
    """The entries of the last half hour; of `collect` only the newest, since a later one fetches what is newer."""
    due = [entry for entry in table.entries if now - MADE_UP_FOR < entry.at <= now]
    newest = max((entry.at for entry in due if entry.workflow == "collect"), default=None)
    return [entry for entry in due if entry.workflow != "collect" or entry.at == newest]


def _start(context: StateWiring[ReconcileSettings], entry: Entry) -> None:
    workflows = {
        "collect": context.settings.workflow_collect,
        "daily": context.settings.workflow_daily,
        "postgame": context.settings.workflow_postgame,
        "reconcile": context.settings.workflow_reconcile,
    }
    context.workflows.start(workflows[entry.workflow], argument_of(entry))


def argument_of(entry: Entry) -> dict[str, str | int]:
    """The argument of the workflow."""
    if entry.workflow == "collect":
        return {"as_of": entry.at.isoformat()}
    return {} if entry.workflow == "reconcile" else {"game_date": str(entry.game_date)}


def _read_started(context: StateWiring[ReconcileSettings]) -> tuple[Started, int]:
    try:
        found = context.store.read(context.settings.bucket_state, KEY)
    except NotReady:
        return Started(), 0
    return msgspec.json.decode(found.data, type=Started), found.generation


def reconcile_again(context: StateWiring[ReconcileSettings], at: datetime | None) -> None:
    """Let a tick reconcile at an instant, or take an earlier wish back."""
    context.store.write(context.settings.bucket_state, AGAIN_KEY, msgspec.json.encode(Again(at)))


def _reconcile_again(context: StateWiring[ReconcileSettings], now: datetime) -> Entry | None:
    try:
        found = context.store.read(context.settings.bucket_state, AGAIN_KEY)
    except NotReady:
        return None
    at = msgspec.json.decode(found.data, type=Again).at
    return Entry(at, "reconcile", game_date_of(at)) if at is not None and at <= now else None
