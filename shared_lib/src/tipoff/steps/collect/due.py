"""The sources that are due now: the windows of `core.collect.windows` over the games of the timetable."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff import sources
from tipoff.core.collect.model import Game
from tipoff.core.collect.windows import Due, Window, due
from tipoff.core.game_date import game_date_of
from tipoff.core.timetable import Timetable
from tipoff.steps.collect import state
from tipoff.steps.collect.context import CollectWiring
from tipoff.steps.timetable import timetable_of

FINALS = frozenset(name for name, window in sources.WINDOWS.items() if window is Window.AFTER_GAMES)


class DueRequest(msgspec.Struct, frozen=True):
    """Body of `/due`: the instant of the schedule's tick; None means now."""

    as_of: datetime | None = None


class DueSource(msgspec.Struct, frozen=True):
    """A request to `/collect` that is due, with the reason."""

    source: str
    game_date: date
    games: tuple[str, ...]
    window: str
    required: bool
    fallbacks: tuple[str, ...] = ()


class DueStages(msgspec.Struct, frozen=True):
    """The requests that are due. Stages run one after the other, each at once; no host appears twice in a stage."""

    status: Literal["completed"]
    outcome: Literal["ok", "not_configured"]
    code: str
    stages: tuple[tuple[DueSource, ...], ...] = ()


def due_stages(context: CollectWiring, request: DueRequest) -> DueStages:
    """The configured sources that are due now. Without a schedule, only the sources that do not need one."""
    now = request.as_of or context.clock()
    if not context.is_configured(None):
        return DueStages("completed", "not_configured", "NOT_CONFIGURED")
    table = timetable_of(context, game_date_of(now))
    found = due(sources.WINDOWS, table.games, now)
    if FINALS & {one.source for one in found}:
        found = due(sources.WINDOWS, _with_finals(context, table), now)
    if not table.schedule_is_known:
        first = (name for name, collection in sources.COLLECTIONS.items() if not collection.needs_games)
        found = tuple(Due(name, table.day, "first") for name in first)
    return DueStages("completed", "ok", "OK", _stages([one for one in found if _is_configured(context, one)]))


def _with_finals(context: CollectWiring, table: Timetable) -> list[Game]:
    """The games; those of which every source after the games has a document are final."""
    committed = state.committed_games(context.warehouse, FINALS, table.day - timedelta(days=1), table.day)
    complete = {game.nba_game_id for game in committed if game.sources >= FINALS}
    return [replace(game, is_final=game.nba_game_id in complete) for game in table.games]


def _is_configured(context: CollectWiring, due: Due) -> bool:
    return context.is_configured(sources.COLLECTIONS[due.source].key)


def _stages(found: Sequence[Due]) -> tuple[tuple[DueSource, ...], ...]:
    """The n-th call of each host in stage n. A run paces its requests to a host, so two runs must not overlap."""
    stages: defaultdict[int, list[DueSource]] = defaultdict(list)
    calls: Counter[str] = Counter()
    for one in found:
        host = sources.COLLECTIONS[one.source].host.name
        stages[calls[host]].append(_call(one))
        calls[host] += 1
    return tuple(tuple(stages[number]) for number in sorted(stages))


def _call(due: Due) -> DueSource:
    collection = sources.COLLECTIONS[due.source]
    return DueSource(due.source, due.game_date, due.games, due.window, collection.is_required, collection.fallbacks)
