"""What is to be collected now: the windows of `core.collect.windows` over the games on the newest schedule."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from tipoff.core.collect import sources, windows
from tipoff.core.collect.windows import Due
from tipoff.core.game_date import game_date_of
from tipoff.steps import collect_state as state
from tipoff.steps.collect_context import CollectContext


class AskDue(msgspec.Struct, frozen=True):
    """Body of `/due`: the instant whose tick is meant; now without one."""

    as_of: datetime | None = None


class DueSource(msgspec.Struct, frozen=True):
    """A call of `/collect` to make, with the reason."""

    source: str
    game_date: date
    games: tuple[str, ...]
    window: str
    required: bool
    fallbacks: tuple[str, ...] = ()


class WhatIsDue(msgspec.Struct, frozen=True):
    """The calls to make on this tick: stage after stage, the calls of one stage at once, no host twice in it."""

    status: Literal["completed"]
    outcome: Literal["ok", "not_configured"]
    code: str
    stages: tuple[tuple[DueSource, ...], ...] = ()


def what_is_due(context: CollectContext, request: AskDue) -> WhatIsDue:
    """The sources whose window the tick belongs to, and that are configured; before any schedule, the schedule."""
    now = request.as_of or context.clock()
    if not context.is_configured(None):
        return WhatIsDue("completed", "not_configured", "NOT_CONFIGURED")
    today = game_date_of(now)
    yesterday = today - timedelta(days=1)
    games = state.games_of(context.warehouse, yesterday, today)
    has_box = {
        held.nba_game_id
        for held in state.held_of(context.warehouse, yesterday, today)
        if set(windows.FINALS) <= held.sources
    }
    found = windows.due([replace(game, is_final=game.nba_game_id in has_box) for game in games], now)
    if not games and not state.schedule_is_known(context.warehouse):
        found = (Due("nbac_schedule", today, "first"),)
    return WhatIsDue("completed", "ok", "OK", _stages([one for one in found if _is_ours(context, one)]))


def _is_ours(context: CollectContext, due: Due) -> bool:
    return context.is_configured(sources.SOURCES[due.source].secret)


def _stages(found: Sequence[Due]) -> tuple[tuple[DueSource, ...], ...]:
    """The n-th call of each host in stage n: distances to a host are kept within a run, so runs must not overlap."""
    stages: defaultdict[int, list[DueSource]] = defaultdict(list)
    calls: Counter[str] = Counter()
    for due in found:
        host = sources.SOURCES[due.source].host.name
        stages[calls[host]].append(_due(due))
        calls[host] += 1
    return tuple(tuple(stages[number]) for number in sorted(stages))


def _due(due: Due) -> DueSource:
    source = sources.SOURCES[due.source]
    return DueSource(due.source, due.game_date, due.games, due.window, source.is_required, source.fallbacks)
