"""What `collect` reads of the warehouse: the schedule, what is held, how its last runs ended, what ingest took in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.collect.completeness import Held
from tipoff.core.collect.limits import Circuit
from tipoff.core.collect.model import Game
from tipoff.core.collect.sources import Source
from tipoff.steps.collect_context import Collect
from tipoff.steps.queries import load

CREDITS_GO_STALE_AFTER = timedelta(hours=6)  # the vendor's month may have turned since
ENDED_WELL = ("ok", "partial", "not_there_yet")


def games_of(warehouse: Warehouse, start_date: date, end_date: date) -> tuple[Game, ...]:
    """Games of a range of Eastern dates on the newest schedule, by tip-off."""
    range_ = {"start_date": start_date, "end_date": end_date}
    return tuple(warehouse.rows(load("collect_games"), range_, Game))


class _Count(msgspec.Struct, frozen=True):
    games: int


def schedule_is_known(warehouse: Warehouse) -> bool:
    """Whether any schedule has been taken in."""
    return warehouse.rows(load("collect_schedule"), {}, _Count)[0].games > 0


class _HeldRow(msgspec.Struct, frozen=True):
    nba_game_id: str
    source: str


def held_of(warehouse: Warehouse, start_date: date, end_date: date) -> tuple[Held, ...]:
    """What is committed of each game of a range."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in warehouse.rows(load("collect_held"), {"start_date": start_date, "end_date": end_date}, _HeldRow):
        found[row.nba_game_id].add(row.source)
    return tuple(Held(game, frozenset(held)) for game, held in sorted(found.items()))


class _Recent(msgspec.Struct, frozen=True):
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
class Standing:
    """How a source stands before a run.

    Attributes:
        circuit: of its host, as the newest run against it left it.
        credits_left: as the vendor said within the last hours, else None.
        last_good_at: when this date of this source last ended well; None if it has not lately.
    """

    circuit: Circuit
    credits_left: int | None
    last_good_at: datetime | None


def standing_of(warehouse: Warehouse, source: Source, request: Collect, now: datetime) -> Standing:
    """Read from the runs of the last day, or of as long as the request takes for fresh."""
    since = (now - max(timedelta(days=1), timedelta(minutes=request.max_age_minutes))).date()
    found = warehouse.rows(load("collect_recent"), {"since_date": since}, _Recent)
    of_host = [row for row in found if row.ended_at <= now and row.host == source.host.name]
    newest = of_host[0] if of_host else None
    told = (row.credits_left for row in of_host if now - row.ended_at <= CREDITS_GO_STALE_AFTER)
    return Standing(
        circuit=Circuit(newest.circuit_failures, newest.circuit_open_until) if newest else Circuit(),
        credits_left=next((left for left in told if left is not None), None),
        last_good_at=next((row.ended_at for row in of_host if _is_good(row, request)), None),
    )


def _is_good(row: _Recent, request: Collect) -> bool:
    """The same was asked and ended well; in a backfill, nothing was left to ask."""
    same = (row.source, row.game_date, row.snapshot_at) == (request.source, request.game_date, request.snapshot_at)
    return same and row.outcome in (("ok",) if request.backfill else ENDED_WELL)


class _Objects(msgspec.Struct, frozen=True):
    objects: int


def taken_in(warehouse: Warehouse, object_names: Sequence[str], since_date: date) -> int:
    """How many of these objects ingest has dealt with."""
    parameters = {"since_date": since_date, "object_names": list(object_names)}
    return warehouse.rows(load("collect_receipts"), parameters, _Objects)[0].objects
