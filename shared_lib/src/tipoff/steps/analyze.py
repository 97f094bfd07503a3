"""The step of `analyze`: rebuild the phase-3 tables for the dates that changed.

A person or a workflow calls `/process-date-range`. A message on `raw-ready` names the dates of new rows. Messages that
arrive close together share one rebuild of all their dates.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

import msgspec

from tipoff.cloud.bigquery import BuildRange
from tipoff.core.errors import BackendUnavailable
from tipoff.core.game_date import game_date_of
from tipoff.core.messages import ContextChanged, RawReady
from tipoff.runtime.arguments import decode_body
from tipoff.runtime.events import Delivery
from tipoff.runtime.settings import AnalyzeSettings
from tipoff.steps.queries import load
from tipoff.steps.rebuild.build import build
from tipoff.steps.rebuild.built import BuiltTables
from tipoff.steps.rebuild.coalesce import Coalescer
from tipoff.steps.rebuild.identity import NOTHING, leaf_inputs
from tipoff.steps.rebuild.process import LEAD_MINUTES, ProcessDateRange, Processed, owned, process
from tipoff.steps.timetable import SCHEDULE, forget_timetable
from tipoff.steps.wiring import StateWiring, client
from tipoff.tables import Table

INJURY_REPORT = "nbac_injury_report"
COALESCE_S = 0.5
COALESCE_MAX_S = 30.0


class AnalyzeWiring(StateWiring[AnalyzeSettings]):
    """The clients of `analyze`, and what combines its messages."""

    @client
    def coalescer(self) -> Coalescer:
        """Combines messages that arrive close together."""
        return Coalescer(COALESCE_S, COALESCE_MAX_S)


def process_date_range(context: AnalyzeWiring, request: ProcessDateRange) -> Processed:
    """Rebuild the tables of `analyze` over the range; see `process`."""
    return process(context, request)


def raw_ready(context: AnalyzeWiring, delivery: Delivery) -> None:
    """Rebuild the dates of a message on `raw-ready`, together with those of messages that arrive at the same time.

    Raises:
        BadRequest: the message is not a RawReady.
        BackendUnavailable: a table could not be rebuilt. Pub/Sub delivers the messages again.
    """
    message = decode_body(RawReady, delivery.data)
    if SCHEDULE in message.tables:
        forget_timetable(context)
    if dates := affected_dates(context, message):
        context.coalescer.run(dates, lambda joined: _rebuild(context, joined))
    if INJURY_REPORT in message.tables:
        for day in message.game_dates:
            _publish_change(context, day)


@cache
def game_histories() -> tuple[Table, ...]:
    """The tables that new rows rebuild.

    Tables with the tag `as_of_context` are not among them: a workflow rebuilds those, with the as-of of its forecast.
    """
    return tuple(table for table in owned(AnalyzeSettings.function) if "as_of_context" not in table.spec.tags)


@cache
def _landing_tables_read() -> frozenset[str]:
    return frozenset[str]().union(*(leaf_inputs(table) for table in game_histories()))


def affected_dates(context: AnalyzeWiring, message: RawReady) -> set[date]:
    """The dates of a message on which a game history may change.

    A quote or a schedule changes only dates that have rows. Those are known without a query: a message of what their
    rows come from names the date, or its rows were built before.
    """
    if _landing_tables_read().isdisjoint(message.tables):
        return set()
    if any(not set(table.spec.rows_from).isdisjoint(message.tables) for table in game_histories()):
        return set(message.game_dates)
    state = BuiltTables(context.store, context.settings.bucket_state)
    built = [state.read(table) for table in game_histories()]
    return {day for day in message.game_dates if any(day in of and of[day].identity != NOTHING for of in built)}


class _Listings(msgspec.Struct, frozen=True):
    games_ahead: int
    digest: str
    team_abbrs: str


def _publish_change(context: AnalyzeWiring, day: date) -> None:
    """Publish that the injury listings of a date with coming games changed. Receivers act once for each digest."""
    now = context.clock()
    if day < game_date_of(now):
        return
    found = context.warehouse.rows(load("analyze/listings_digest"), {"game_date": day, "as_of": now}, _Listings)[0]
    if found.games_ahead:
        teams = tuple(found.team_abbrs.split(",")) if found.team_abbrs else ()
        message = ContextChanged(day, teams, found.digest, now)
        context.topics.publish(context.settings.topic_context_changed, message, f"{day}:{found.digest}")


def _rebuild(context: AnalyzeWiring, dates: set[date]) -> None:
    """Rebuild the game histories over these dates."""
    now = context.clock()
    for start_date, end_date in date_runs(dates):
        over = BuildRange(start_date, end_date, now, LEAD_MINUTES)
        failed = [r for r in build(context, game_histories(), over, force=False) if r.status == "failed"]
        if failed:
            raise BackendUnavailable("rebuild_failed", f"{failed[0].table}: {failed[0].error}")


def date_runs(dates: Iterable[date]) -> list[tuple[date, date]]:
    """The dates as ranges. Dates less than a week apart share a range: a range of a week costs as much as a day."""
    runs: list[tuple[date, date]] = []
    for day in sorted(dates):
        if runs and day - runs[-1][1] < timedelta(days=7):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
