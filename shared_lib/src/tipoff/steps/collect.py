"""Collect: fetch one source for one date and land its documents untouched.

In order: is it configured, are there games, is it fresh; ask (with manners, within the budget) and land; wait until
ingest has taken in what landed; judge the date against the schedule; leave a record, and tell a person of failures.
"""

import time
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

from tipoff.cloud.http import SourceClient
from tipoff.cloud.http_manners import Asker
from tipoff.core.collect import asks, sources
from tipoff.core.collect.asks import Wanted
from tipoff.core.collect.completeness import missing
from tipoff.core.collect.limits import Budget
from tipoff.core.collect.model import Ask
from tipoff.core.collect.sources import Source
from tipoff.core.errors import BadRequest, NotReady
from tipoff.steps import collect_state as state
from tipoff.steps.collect_context import (
    FAILED,
    FUNCTION,
    Collect,
    CollectContext,
    Collected,
    Outcome,
    PlannedRequest,
    VerdictCount,
)
from tipoff.steps.collect_land import Landing
from tipoff.steps.collect_record import record
from tipoff.steps.collect_run import Run, Tally
from tipoff.steps.ops import Clock

LOOK_EVERY_S = 1.0


def collect(context: CollectContext, request: Collect) -> Collected:
    """Fetch what the request names, and say what became of it.

    Raises:
        BadRequest: no such source, or a snapshot of a source that keeps none.
        NotReady: NO_SCHEDULE, no schedule is known yet.
        Conflict: ALREADY_RUNNING, the same is being collected.
    """
    source = _source(request)
    if not context.is_configured(source.secret):
        return _idle(request, source, "not_configured")
    wanted = _wanted(context, request)
    if source.needs_games and not wanted.games:
        if not state.schedule_is_known(context.warehouse):
            raise NotReady("NO_SCHEDULE", "no schedule is known yet: collect it first")
        return _idle(request, source, "no_games")
    if request.dry_run:
        return _plan(request, source, wanted)
    with context.locks.lease(f"collect/{source.name}/{request.game_date}", FUNCTION):
        return _collect(context, request, source, wanted)


def _source(request: Collect) -> Source:
    source = sources.SOURCES.get(request.source)
    if source is None:
        known = ", ".join(sorted(sources.SOURCES))
        raise BadRequest("unknown_source", f"{request.source!r} is none of {known}", {"available_scrapers": known})
    if request.snapshot_at is not None and source.secret != sources.ODDS_KEY:
        raise BadRequest("no_snapshots", f"{source.name} keeps no past snapshots")
    return source


def _idle(request: Collect, source: Source, outcome: Outcome) -> Collected:
    return Collected(
        status="completed",
        outcome=outcome,
        code=outcome.upper(),
        source=source.name,
        game_date=request.game_date,
        required=source.is_required,
    )


def _wanted(context: CollectContext, request: Collect) -> Wanted:
    return Wanted(
        source=request.source,
        day=request.game_date,
        games=state.games_of(context.warehouse, request.game_date, request.game_date),
        now=_clock(context, request)(),
        snapshot_at=request.snapshot_at,
        is_backfill=request.backfill,
        only=frozenset(request.games),
    )


def _clock(context: CollectContext, request: Collect) -> Clock:
    """The clock; in a local cloud the instant that the caller says it is."""
    told = request.as_of if context.is_local else None
    return (lambda: told) if told is not None else context.clock


def _plan(request: Collect, source: Source, wanted: Wanted) -> Collected:
    planned = asks.first(wanted)
    return Collected(
        status="planned",
        outcome="planned",
        code="PLANNED",
        source=source.name,
        game_date=request.game_date,
        required=source.is_required,
        games=len(wanted.games),
        requests=len(planned),
        credits=asks.most_credits(planned, wanted),
        plan=tuple(_planned(ask) for ask in planned),
    )


def _planned(ask: Ask) -> PlannedRequest:
    return PlannedRequest(ask.host, ask.path, dict(ask.params), ask.credits)


def _collect(context: CollectContext, request: Collect, source: Source, wanted: Wanted) -> Collected:
    standing = state.standing_of(context.warehouse, source, request, wanted.now)
    if _is_fresh(request, standing, wanted.now):
        return _idle(request, source, "fresh")
    run_id = uuid4().hex
    clock = _clock(context, request)
    client = SourceClient(context.settings, context.keys, user_agent(context), clock)
    asker = Asker(client, Budget(request.max_requests, request.max_credits), standing.credits_left, context.sleep)
    landing = Landing(context.store, context.landing_bucket, context.state_bucket, run_id, request.force)
    run = Run(wanted, asker, landing, standing.circuit, clock)
    run.play()
    client.close()
    account = _account(context, request, source, wanted, run.tally, asker)
    record(context, request, source, run_id, run, account, wanted.now)
    return account


def _is_fresh(request: Collect, standing: state.Standing, now: datetime) -> bool:
    age = timedelta(minutes=request.max_age_minutes)
    return bool(age) and standing.last_good_at is not None and now - standing.last_good_at < age


def user_agent(context: CollectContext) -> str:
    """Who we are, for the people who run a source."""
    settings = context.settings
    return f"Tipoff/{settings.release[:12]} (basketball forecasts; Google Cloud project {settings.project_id})"


def _account(
    context: CollectContext, request: Collect, source: Source, wanted: Wanted, tally: Tally, asker: Asker
) -> Collected:
    pending = _settle(context, request, tally)
    held = state.held_of(context.warehouse, wanted.day, wanted.day) if wanted.games else ()
    outcome = cast(Outcome, tally.outcome)
    return Collected(
        status="failed" if outcome in FAILED else "completed",
        outcome=outcome,
        code=outcome.upper(),
        source=source.name,
        game_date=request.game_date,
        required=source.is_required,
        games=len(wanted.games),
        landed=tuple(tally.landed),
        unchanged=tally.unchanged,
        pending=pending,
        missing=missing(source.name, wanted.games, held),
        verdicts=tuple(
            VerdictCount(verdict.value, count, tally.examples.get(verdict)) for verdict, count in tally.verdicts.items()
        ),
        requests=asker.spent.requests,
        credits=asker.spent.credits,
        credits_left=asker.spent.credits_left,
        message=tally.message,
    )


def _settle(context: CollectContext, request: Collect, tally: Tally) -> int:
    """Wait until ingest has dealt with what landed; how many objects it has not."""
    if not tally.landed:
        return 0
    since = context.clock().date() - timedelta(days=1)
    deadline_s = time.monotonic() + request.settle_s
    while True:
        pending = len(tally.landed) - state.taken_in(context.warehouse, tally.landed, since)
        if pending <= 0 or time.monotonic() >= deadline_s:
            return max(pending, 0)
        context.sleep(LOOK_EVERY_S)
