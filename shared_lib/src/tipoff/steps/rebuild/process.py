"""The requests `/process-date-range` and `/process-date`, which rebuild the tables of a function."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import date, datetime
from functools import cache
from typing import Literal

import msgspec

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange
from tipoff.core.errors import BadRequest
from tipoff.runtime.arguments import LeadMinutes, parse_date
from tipoff.runtime.http import BUG, OK, UNAVAILABLE
from tipoff.steps.rebuild.build import TableResult, build
from tipoff.steps.rebuild.slate import games_in
from tipoff.steps.wiring import StateWiring
from tipoff.tables import Table

LEAD_MINUTES = 30

type ProcessOutcome = Literal["ok", "no_games", "failed"]


class ProcessDateRange(msgspec.Struct, frozen=True):
    """Body of `/process-date-range`.

    `backfill_mode` is accepted because callers of the original system send it. There it skipped the freshness checks.
    Here there are none, and the as-of rule always holds.
    """

    start_date: date
    end_date: date
    processors: tuple[str, ...] | None = None
    backfill_mode: bool = False
    as_of: datetime | None = None
    lead_minutes: LeadMinutes = LEAD_MINUTES
    force: bool = False


class ProcessDate(msgspec.Struct, frozen=True):
    """Body of `/process-date`. `analysis_date` is an ISO date, or AUTO: today in Eastern time."""

    analysis_date: str
    processors: tuple[str, ...] | None = None
    backfill_mode: bool = False
    as_of: datetime | None = None
    lead_minutes: LeadMinutes = LEAD_MINUTES
    force: bool = False

    def as_range(self, now: datetime) -> ProcessDateRange:
        """The same request as a range of one day.

        Raises:
            BadRequest: `analysis_date` is neither a date nor AUTO.
        """
        day = parse_date("analysis_date", self.analysis_date, now)
        return ProcessDateRange(
            day, day, self.processors, self.backfill_mode, self.as_of, self.lead_minutes, self.force
        )


class ProcessorResult(msgspec.Struct, frozen=True):
    """The result of one processor (one table)."""

    processor: str
    status: Literal["success", "unchanged", "failed"]
    stats: TableResult


class Processed(msgspec.Struct, frozen=True):
    """The answer to both requests: 200 if every processor succeeded; 503 if a retry may help, else 500."""

    status: Literal["completed", "failed"]
    outcome: ProcessOutcome
    code: str
    date_range: str
    games: int
    results: tuple[ProcessorResult, ...]
    http_status: int = OK


def process(wiring: StateWiring, request: ProcessDateRange) -> Processed:
    """Rebuild the function's tables for the range.

    Raises:
        BadRequest: a processor is unknown.
        NotReady: no schedule is known for these dates.
    """
    wanted = select(wiring.settings.function, request.processors)
    over = BuildRange(request.start_date, request.end_date, request.as_of or wiring.clock(), request.lead_minutes)
    with ThreadPoolExecutor(1) as pool:
        counting = pool.submit(copy_context().run, games_in, wiring.warehouse, over)
        results = build(wiring, wanted, over, request.force)
    return _answer(request, counting.result(), results)


def owned(function: str) -> tuple[Table, ...]:
    """The derived tables that a function builds, in lineage order."""
    return tuple(t for t in tables.lineage_order() if t.kind == "derived" and t.spec.owner == function)


def select(function: str, processors: Sequence[str] | None) -> tuple[Table, ...]:
    """The tables of the named processors, and the helper tables that they read. None selects all tables.

    Raises:
        BadRequest: the function has no processor of that name.
    """
    mine = owned(function)
    if processors is None:
        return mine
    wanted = {name for processor in processors for name in _built_by(processor, mine)}
    return tuple(table for table in mine if table.full_name in wanted)


def _built_by(processor: str, mine: Sequence[Table]) -> set[str]:
    served = [t for t in tables.all_tables() if t.spec.processor == processor]
    needed: set[str] = set()
    todo = list(served)
    while todo:
        table = todo.pop()
        if table in mine:
            needed.add(table.full_name)
        todo.extend(t for t in tables.all_tables() if t.full_name in table.spec.inputs and t.full_name not in needed)
    if not needed:
        known = sorted({t.spec.processor for t in tables.all_tables() if t.spec.processor})
        raise BadRequest("unknown_processor", f"there is no processor {processor!r}; processors: {', '.join(known)}")
    return needed


def _answer(request: ProcessDateRange, games: int, results: Sequence[TableResult]) -> Processed:
    failed = [result for result in results if result.status == "failed"]
    outcome: ProcessOutcome = "failed" if failed else "ok" if games else "no_games"
    status = OK
    if failed:
        status = UNAVAILABLE if all(result.retryable for result in failed) else BUG
    return Processed(
        status="failed" if failed else "completed",
        outcome=outcome,
        code=outcome.upper(),
        date_range=f"{request.start_date} to {request.end_date}",
        games=games,
        results=tuple(named for result in results for named in _named(result)),
        http_status=status,
    )


def _named(result: TableResult) -> list[ProcessorResult]:
    """The result under the name of each processor that reads the table, or under the table's name if there is none."""
    names = _processors().get(result.table, (result.table,))
    return [ProcessorResult(name, result.status, result) for name in names]


@cache
def _processors() -> dict[str, tuple[str, ...]]:
    """Derived table -> names of the processors that it belongs to, itself or through a view."""
    found: dict[str, tuple[str, ...]] = {}
    for served in tables.all_tables():
        if served.spec.processor:
            for table in tables.builds(served.name):
                if table.dataset == served.dataset and (table is served or served.kind == "view"):
                    found[table.name] = (*found.get(table.name, ()), served.spec.processor)
    return found
