"""The step of `/collect`: fetch a source for a date, and land its documents unchanged.

In order: check that the source is configured, that the date has games, and that no recent run counts as fresh; send the
requests and land the documents; wait until `ingest` has processed them; compare the date with the schedule; append the
record of the run; and alert a person if the source failed.
"""

import time
from datetime import date, datetime, timedelta
from typing import cast
from uuid import uuid4

from tipoff import sources
from tipoff.cloud.http import SourceClient
from tipoff.cloud.retrying_client import RetryingClient
from tipoff.core.collect.collection import Collection
from tipoff.core.collect.completeness import missing_games
from tipoff.core.collect.limits import Budget
from tipoff.core.collect.model import Game, SourceRequest, Target
from tipoff.core.errors import BadRequest, NotReady
from tipoff.core.game_date import game_date_of
from tipoff.steps.collect import state
from tipoff.steps.collect.context import (
    FAILED,
    Collect,
    Collected,
    CollectOutcome,
    CollectWiring,
    PlannedRequest,
    VerdictCount,
)
from tipoff.steps.collect.landing import Landing, digest_of_bytes, digest_of_rows
from tipoff.steps.collect.record import record
from tipoff.steps.collect.run import Run, Tally
from tipoff.steps.ops import Clock
from tipoff.steps.timetable import SCHEDULE, forget_timetable, games_of, timetable_of

FIRST_POLL_S, POLL_MAX_S = 1.0, 8.0  # each look is a query, so each wait is twice the last


def collect(context: CollectWiring, request: Collect) -> Collected:
    """Fetch the source for the date of the request.

    Raises:
        BadRequest: there is no such source, or the source has no past snapshots.
        NotReady: NO_SCHEDULE: no schedule is known yet.
        Conflict: ALREADY_RUNNING: another run collects the same source and date.
    """
    collection = _collection(request)
    if not request.dry_run and not context.is_configured(collection.key):
        return _nothing_done(request, collection, "not_configured")
    target = _target(context, request)
    if collection.needs_games and not target.games:
        if not timetable_of(context, game_date_of(target.now)).schedule_is_known:
            raise NotReady("NO_SCHEDULE", "no schedule is known yet: collect it first")
        return _nothing_done(request, collection, "no_games")
    if request.dry_run:
        return _plan(request, collection, target)
    with context.locks.lease(f"collect/{request.source}/{request.game_date}", context.settings.function):
        return _collect(context, request, collection, target)


def _collection(request: Collect) -> Collection:
    collection = sources.COLLECTIONS.get(request.source)
    if collection is None:
        known = ", ".join(sorted(sources.COLLECTIONS))
        raise BadRequest("unknown_source", f"{request.source!r} is none of {known}", {"available_scrapers": known})
    if request.snapshot_at is not None and not collection.has_snapshots:
        raise BadRequest("no_snapshots", f"{request.source} keeps no past snapshots")
    return collection


def _nothing_done(request: Collect, collection: Collection, outcome: CollectOutcome) -> Collected:
    return Collected(
        status="completed",
        outcome=outcome,
        code=outcome.upper(),
        source=request.source,
        game_date=request.game_date,
        required=collection.is_required,
    )


def _games(context: CollectWiring, day: date, now: datetime) -> tuple[Game, ...]:
    """The games of a date: of today and yesterday, the timetable has them."""
    today = game_date_of(now)
    if day in (today, today - timedelta(days=1)):
        return tuple(game for game in timetable_of(context, today).games if game.game_date == day)
    return games_of(context.warehouse, day, day)


def _target(context: CollectWiring, request: Collect) -> Target:
    now = _clock(context, request)()
    return Target(
        source=request.source,
        day=request.game_date,
        games=_games(context, request.game_date, now),
        now=now,
        snapshot_at=request.snapshot_at,
        is_backfill=request.backfill,
        only=frozenset(request.games),
    )


def _clock(context: CollectWiring, request: Collect) -> Clock:
    """The clock. In a local cloud, the caller may give the instant."""
    as_of = request.as_of if context.is_local else None
    return (lambda: as_of) if as_of is not None else context.clock


def _plan(request: Collect, collection: Collection, target: Target) -> Collected:
    planned = collection.first(target)
    return Collected(
        status="planned",
        outcome="planned",
        code="PLANNED",
        source=request.source,
        game_date=request.game_date,
        required=collection.is_required,
        games=len(target.games),
        requests=len(planned),
        credits=collection.most_credits(target),
        plan=tuple(_planned(one) for one in planned),
    )


def _planned(request: SourceRequest) -> PlannedRequest:
    return PlannedRequest(request.host.name, request.path, dict(request.params), request.credits)


def _collect(context: CollectWiring, request: Collect, collection: Collection, target: Target) -> Collected:
    recent = state.recent_runs(context, collection.host.name, request, target.now)
    if _is_fresh(request, recent, target.now):
        return _nothing_done(request, collection, "fresh")
    run_id = uuid4().hex
    clock = _clock(context, request)
    source_client = SourceClient(context.settings, context.keys, user_agent(context), clock)
    budget = Budget(request.max_requests, request.max_credits)
    client = RetryingClient(source_client, budget, recent.credits_left)
    landing = Landing(
        context.store,
        context.settings.bucket_landing,
        context.settings.bucket_state,
        run_id,
        request.force,
        digest_of_rows if collection.compares_rows else digest_of_bytes,
    )
    run = Run(collection, target, client, landing, recent.circuit, clock)
    run.execute()
    source_client.close()
    result = _result(context, request, collection, target, run.tally, client)
    record(context, request, collection.host.name, run_id, run, result, target.now)
    return result


def _is_fresh(request: Collect, recent: state.RecentRuns, now: datetime) -> bool:
    age = timedelta(minutes=request.max_age_minutes)
    return bool(age) and recent.last_good_at is not None and now - recent.last_good_at < age


def user_agent(context: CollectWiring) -> str:
    """The User-Agent header. It names the sender of the requests to the operators of a source."""
    settings = context.settings
    return f"Tipoff/{settings.release[:12]} (basketball forecasts; Google Cloud project {settings.project_id})"


def _result(
    context: CollectWiring,
    request: Collect,
    collection: Collection,
    target: Target,
    tally: Tally,
    client: RetryingClient,
) -> Collected:
    pending = _wait_for_ingest(context, request, tally)
    if tally.landed and request.source == SCHEDULE:
        forget_timetable(context)
    outcome = cast(CollectOutcome, tally.outcome)
    return Collected(
        status="failed" if outcome in FAILED else "completed",
        outcome=outcome,
        code=outcome.upper(),
        source=request.source,
        game_date=request.game_date,
        required=collection.is_required,
        games=len(target.games),
        landed=tuple(tally.landed),
        unchanged=tally.unchanged,
        pending=pending,
        missing=_missing_games(context, collection, target),
        verdicts=tuple(
            VerdictCount(verdict.value, count, tally.examples.get(verdict)) for verdict, count in tally.verdicts.items()
        ),
        requests=client.spent.requests,
        credits=client.spent.credits,
        credits_left=client.spent.credits_left,
        message=tally.message,
    )


def _missing_games(context: CollectWiring, collection: Collection, target: Target) -> tuple[str, ...]:
    if collection.game_table is None or not target.games:
        return ()
    committed = state.committed_games(context.warehouse, [target.source], target.day, target.day)
    return missing_games(target.source, target.games, committed)


def _wait_for_ingest(context: CollectWiring, request: Collect, tally: Tally) -> int:
    """Wait until `ingest` has processed the landed objects. Returns the number of objects that it has not."""
    if not tally.landed:
        return 0
    since = context.clock().date() - timedelta(days=1)
    deadline_s, wait_s = time.monotonic() + request.ingest_wait_s, FIRST_POLL_S
    while True:
        pending = len(tally.landed) - state.processed_objects(context.warehouse, tally.landed, since)
        if pending <= 0 or time.monotonic() >= deadline_s:
            return max(pending, 0)
        time.sleep(wait_s)
        wait_s = min(2 * wait_s, POLL_MAX_S)
