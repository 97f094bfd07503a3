"""The step of `grade`: compare the predictions of final games with the points that were scored."""

from datetime import date, datetime
from typing import Literal

import msgspec

from tipoff.cloud.bigquery import BuildRange
from tipoff.core.errors import NotReady
from tipoff.runtime.arguments import check_range, parse_date
from tipoff.runtime.http import BUG, OK, UNAVAILABLE
from tipoff.runtime.settings import GradeSettings
from tipoff.steps.queries import load
from tipoff.steps.rebuild.build import TableResult, build
from tipoff.steps.rebuild.process import owned
from tipoff.steps.wiring import StateWiring


class Grade(msgspec.Struct, frozen=True):
    """Body of `/grade`: a date (`yesterday`, AUTO or ISO), or with `end_date` a range."""

    target_date: str = "yesterday"
    end_date: date | None = None
    as_of: datetime | None = None
    force: bool = False


class Graded(msgspec.Struct, frozen=True):
    """The answer. `partial`: some games of the range are not final yet."""

    status: Literal["completed", "failed"]
    outcome: Literal["ok", "partial", "no_games", "failed"]
    code: str
    date_range: str
    games: int
    finals: int
    results: tuple[TableResult, ...]
    http_status: int = OK


class _Finals(msgspec.Struct, frozen=True):
    games: int
    finals: int


def grade(context: StateWiring[GradeSettings], request: Grade) -> Graded:
    """Grade the predictions of a date or a range.

    Raises:
        BadRequest: the date is none, or the range is reversed or too long.
        NotReady: there are games, but none of them is final yet.
    """
    over = _range(request, context.clock())
    parameters = {"start_date": over.start_date, "end_date": over.end_date, "as_of": over.as_of}
    found = context.warehouse.rows(load("grade/finals_of_date"), parameters, _Finals)[0]
    if found.games and not found.finals:
        raise NotReady("NO_FINALS", f"none of the {found.games} games of {over.start_date} is final yet")
    results = build(context, owned(GradeSettings.function), over, request.force) if found.games else []
    return _answer(over, found, results)


def _range(request: Grade, now: datetime) -> BuildRange:
    first = parse_date("target_date", request.target_date, now)
    last = request.end_date or first
    check_range("target_date", first, last)
    return BuildRange(first, last, request.as_of or now, 0)


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
