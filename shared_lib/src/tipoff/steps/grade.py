"""Grade: compare the predictions of finished games with what happened, once the games are final."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec

from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.cloud.locks import Locks
from tipoff.cloud.pubsub import Topics
from tipoff.cloud.storage import ObjectStore
from tipoff.core.errors import NotReady
from tipoff.runtime.http import BUG, OK, UNAVAILABLE
from tipoff.runtime.settings import GradeSettings
from tipoff.steps.build import Builder, TableResult, build
from tipoff.steps.ops import Clock, OpsLog, utc_now
from tipoff.steps.process import owned, parse_date
from tipoff.steps.queries import load

FUNCTION = "grade"


class Grade(msgspec.Struct, frozen=True):
    """Body of `/grade`: a date (`yesterday`, AUTO or ISO), or a range for a rebuild."""

    target_date: str = "yesterday"
    end_date: date | None = None
    as_of: datetime | None = None
    force: bool = False


class Graded(msgspec.Struct, frozen=True):
    """The answer: `partial` when some games of the range are not final yet."""

    status: Literal["completed", "failed"]
    outcome: Literal["ok", "partial", "no_games", "failed"]
    code: str
    date_range: str
    games: int
    finals: int
    results: tuple[TableResult, ...]
    http_status: int = OK


@dataclass(frozen=True)
class GradeContext:
    """What grade keeps open."""

    builder: Builder

    @property
    def ops(self) -> OpsLog:
        """Where it sets messages aside."""
        return self.builder.ops


def open_grade(settings: GradeSettings, clock: Clock = utc_now) -> GradeContext:
    """Open the clients of `grade`."""
    warehouse = Warehouse(
        settings,
        [
            settings.dataset_nba_raw,
            settings.dataset_nba_analytics,
            settings.dataset_nba_predictions,
            settings.dataset_nba_ops,
        ],
    )
    ops = OpsLog(warehouse, Topics(settings), settings.topic_alerts, FUNCTION, settings.release, clock)
    locks = Locks(ObjectStore(settings), settings.bucket_state, clock)
    return GradeContext(Builder(FUNCTION, settings.release, warehouse, locks, ops, clock))


class _Finals(msgspec.Struct, frozen=True):
    games: int
    finals: int


def grade(context: GradeContext, request: Grade) -> Graded:
    """Grade a date or range.

    Raises:
        NotReady: there are games, and none of them is final yet.
    """
    builder = context.builder
    over = _range(request, builder.clock())
    parameters = {"start_date": over.start_date, "end_date": over.end_date, "as_of": over.as_of}
    found = builder.warehouse.rows(load("finals_of_date"), parameters, _Finals)[0]
    if found.games and not found.finals:
        raise NotReady("NO_FINALS", f"none of the {found.games} games of {over.start_date} is final")
    results = build(builder, owned(FUNCTION), over, request.force) if found.games else []
    return _answer(over, found, results)


def _range(request: Grade, now: datetime) -> BuildRange:
    first = parse_date("target_date", request.target_date, now)
    return BuildRange(first, request.end_date or first, request.as_of or now, 0)


def _answer(over: BuildRange, found: _Finals, results: list[TableResult]) -> Graded:
    failed = [result for result in results if result.status == "failed"]
    outcome: Literal["ok", "partial", "no_games", "failed"] = "ok"
    if failed:
        outcome = "failed"
    elif not found.games:
        outcome = "no_games"
    elif found.finals < found.games:
        outcome = "partial"
    status = UNAVAILABLE if failed and all(result.retryable for result in failed) else BUG if failed else OK
    return Graded(
        status="failed" if failed else "completed",
        outcome=outcome,
        code=outcome.upper(),
        date_range=f"{over.start_date} to {over.end_date}",
        games=found.games,
        finals=found.finals,
        results=tuple(results),
        http_status=status,
    )
