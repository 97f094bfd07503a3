"""What `collect` knows: committed games and processed objects (warehouse), its last runs (state bucket)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

import msgspec

from tipoff import sources
from tipoff.cloud.bigquery import Warehouse
from tipoff.core.collect.completeness import CommittedGame
from tipoff.core.collect.limits import Circuit
from tipoff.core.errors import Conflict, NotReady
from tipoff.steps.collect.context import Collect, CollectWiring
from tipoff.steps.queries import load

CREDITS_EXPIRE_AFTER = timedelta(hours=6)  # the vendor may have started a new month since
KEPT_FOR, KEPT_RUNS = timedelta(days=1), 300  # a day has about 120 runs, of all hosts together
ATTEMPTS = 5
ENDED_WELL = ("ok", "partial", "not_there_yet")


class _CommittedRow(msgspec.Struct, frozen=True):
    nba_game_id: str
    source: str


def committed_games(
    warehouse: Warehouse, names: Iterable[str], start_date: date, end_date: date
) -> tuple[CommittedGame, ...]:
    """The games of a range with those of the named sources of which they have a committed document."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    sql = committed_sql(frozenset(names))
    for row in warehouse.rows(sql, {"start_date": start_date, "end_date": end_date}, _CommittedRow):
        found[row.nba_game_id].add(row.source)
    return tuple(CommittedGame(game, frozenset(committed)) for game, committed in sorted(found.items()))


@cache
def committed_sql(names: frozenset[str]) -> str:
    """One SELECT for each of the named sources that has a document per game."""
    return "UNION ALL\n".join(
        _COMMITTED.format(source=name, table=collection.game_table)
        for name, collection in sources.COLLECTIONS.items()
        if name in names and collection.game_table is not None
    )


_COMMITTED = """\
SELECT DISTINCT t.nba_game_id, '{source}' AS source
FROM nba_raw.{table} AS t
WHERE t.game_date BETWEEN @start_date AND @end_date AND t.nba_game_id IS NOT NULL
"""


class RecentRun(msgspec.Struct, frozen=True):
    """One run, as far as the next runs against its host must know it."""

    source: str
    host: str
    game_date: date
    snapshot_at: datetime | None
    outcome: str
    credits_left: int | None
    circuit_failures: int
    circuit_open_until: datetime | None
    ended_at: datetime


@dataclass(frozen=True)
class RecentRuns:
    """The state after the last runs against a host.

    Attributes:
        circuit: the host's circuit breaker.
        credits_left: by the vendor's last answer; None if that is too old.
        last_good_at: when a run for the same target last ended well; None without one.
    """

    circuit: Circuit
    credits_left: int | None
    last_good_at: datetime | None


def recent_runs(context: CollectWiring, host: str, request: Collect, now: datetime) -> RecentRuns:
    """What the runs of the last day left, or those of the time within which the request counts a run as fresh."""
    of_host = [row for row in _runs_of_host(context, host, request, now) if row.ended_at <= now]
    newest = of_host[0] if of_host else None
    stated = (row.credits_left for row in of_host if now - row.ended_at <= CREDITS_EXPIRE_AFTER)
    return RecentRuns(
        circuit=Circuit(newest.circuit_failures, newest.circuit_open_until) if newest else Circuit(),
        credits_left=next((left for left in stated if left is not None), None),
        last_good_at=next((row.ended_at for row in of_host if _is_good(row, request)), None),
    )


def _runs_of_host(context: CollectWiring, host: str, request: Collect, now: datetime) -> list[RecentRun]:
    """Newest first. The state bucket has those of about a day; a collection of past dates looks back further."""
    age = timedelta(minutes=request.max_age_minutes)
    if age <= KEPT_FOR:
        since = now - KEPT_FOR
        found = [run for run in _read_runs(context, host)[0].runs if run.ended_at >= since]
        return sorted(found, key=lambda run: run.ended_at, reverse=True)
    since_date = (now - age).date()
    rows = context.warehouse.rows(load("collect/recent_runs"), {"since_date": since_date}, RecentRun)
    return [row for row in rows if row.host == host]


def keep_run(context: CollectWiring, run: RecentRun) -> None:
    """Add a run to those of its host."""
    for left in reversed(range(ATTEMPTS)):
        kept, generation = _read_runs(context, run.host)
        newest = _Runs((run, *kept.runs)[:KEPT_RUNS])
        try:
            context.store.write(
                context.settings.bucket_state, _key(run.host), msgspec.json.encode(newest), if_generation=generation
            )
        except Conflict:
            if not left:
                raise
        else:
            return


class _Runs(msgspec.Struct, frozen=True):
    runs: tuple[RecentRun, ...] = ()


def _read_runs(context: CollectWiring, host: str) -> tuple[_Runs, int]:
    try:
        found = context.store.read(context.settings.bucket_state, _key(host))
    except NotReady:
        return _Runs(), 0
    return msgspec.json.decode(found.data, type=_Runs), found.generation


def _key(host: str) -> str:
    return f"hosts/{host}.json"


def _is_good(row: RecentRun, request: Collect) -> bool:
    """The run had the same target and ended well; in a backfill, nothing was left to fetch."""
    same = (row.source, row.game_date, row.snapshot_at) == (request.source, request.game_date, request.snapshot_at)
    return same and row.outcome in (("ok",) if request.backfill else ENDED_WELL)


class _Objects(msgspec.Struct, frozen=True):
    objects: int


def processed_objects(warehouse: Warehouse, object_names: Sequence[str], since_date: date) -> int:
    """How many of these objects ingest has processed."""
    parameters = {"since_date": since_date, "object_names": list(object_names)}
    return warehouse.rows(load("collect/receipts"), parameters, _Objects)[0].objects
