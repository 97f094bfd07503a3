"""The step of `reconcile`: compare the expected outputs with the tables, and record the result.

It alerts a person once of each incident, and starts the missing steps.

The tables are counted. A lost message, a step that did not run and a source that sends nothing have the same effect:
an output that does not cover its games.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Literal

import msgspec

from tipoff import sources, tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.locks import LockDone, LockHeld, Locks
from tipoff.core.expected import Expected, GameDay, assess, changed_rows, missing_steps, new_incidents
from tipoff.core.game_date import game_date_of
from tipoff.runtime.settings import ReconcileSettings
from tipoff.steps.lost_objects import ingest_lost_objects
from tipoff.steps.queries import load
from tipoff.steps.rebuild.checks import failed_checks
from tipoff.steps.tick import reconcile_again
from tipoff.steps.wiring import StateWiring

LOOK_BACK_DAYS = 8
STARTS_PER_DATE = 3  # of one workflow for one date; after that, a person must look
START_EVERY = timedelta(hours=1)
AFTER_START, WHILE_LATE = timedelta(minutes=15), timedelta(hours=1)
CLAIM_LENGTH = timedelta(minutes=2)  # less than the time between two reconciliations


class Reconcile(msgspec.Struct, frozen=True):
    """Body of `/reconcile`.

    `as_of` is the instant at which outputs are judged. `start_missing` allows it to start workflows. A range of dates
    replaces the last days.
    """

    as_of: datetime | None = None
    start_missing: bool = True
    start_date: date | None = None
    end_date: date | None = None


class Reconciled(msgspec.Struct, frozen=True):
    """The answer: the outputs by state, the alerts and workflows of this run, the checks of views that fail, and the
    objects without a receipt."""

    status: Literal["completed"]
    outcome: Literal["ok"]
    code: str
    dates: int
    states: dict[str, int]
    changed: int
    alerts: tuple[str, ...]
    started: tuple[str, ...]
    broken: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class _Covered(msgspec.Struct, frozen=True):
    output: str
    game_date: date
    games: int


class _Failure(msgspec.Struct, frozen=True):
    output: str
    game_date: date
    cause: str


class _Recorded(msgspec.Struct, frozen=True):
    game_date: date
    output: str
    state: str
    cause: str
    actual_rows: int


@dataclass(frozen=True)
class ExpectedRow:
    """A row of `nba_ops.expected_outputs_log`."""

    game_date: date
    output: str
    expected_rows: int
    actual_rows: int
    state: str
    cause: str | None
    deadline_at: datetime
    checked_at: datetime
    release: str


def reconcile(context: StateWiring[ReconcileSettings], request: Reconcile) -> Reconciled:
    """Check the last eight dates, today and tomorrow (or the given range), and older dates that are still open."""
    now = request.as_of or context.clock()
    today = game_date_of(now)
    first = request.start_date or today - timedelta(days=LOOK_BACK_DAYS)
    last = request.end_date or today + timedelta(days=1)
    over = {"start_date": first, "end_date": last}
    recorded = context.warehouse.rows(load("reconcile/recorded_outputs"), over, _Recorded)
    over["start_date"] = min([first, *(row.game_date for row in recorded)])
    still_open = {row.game_date for row in recorded}
    days = [day for day in game_days(context.warehouse, over) if day.game_date >= first or day.game_date in still_open]
    rows = assessed(context.warehouse, over, days, now)
    before = {(row.game_date, row.output): (row.state, row.cause, row.actual_rows) for row in recorded}
    changed, alarmed = changed_rows(rows, before), new_incidents(rows, before)
    for row in alarmed:
        context.ops.alert("expected_output_late", f"{row.game_date}:{row.output}", _sentence(row))
    _record(context, changed, now)
    started = _start_missing(context, days, rows, now) if request.start_missing else ()
    if request.start_date is None:
        reconcile_again(context, _again_at(rows, started, now))
    answer = _answer(days, rows, len(changed), [f"{row.game_date}:{row.output}" for row in alarmed], started)
    return msgspec.structs.replace(answer, broken=_alert_failed_checks(context, over), lost=_ingest_lost(context))


def _again_at(rows: Sequence[Expected], started: Sequence[str], now: datetime) -> datetime | None:
    """When to look again before the timetable says so; None if nothing is missing that may still come."""
    if started:
        return now + AFTER_START
    return now + WHILE_LATE if any(row.state == "LATE" and row.root for row in rows) else None


def game_days(warehouse: Warehouse, over: Mapping[str, date]) -> list[GameDay]:
    """The dates from `start_date` to `end_date` by the newest schedule."""
    return warehouse.rows(load("reconcile/game_days"), over, GameDay)


def assessed(
    warehouse: Warehouse, over: Mapping[str, date], days: Sequence[GameDay], now: datetime
) -> tuple[Expected, ...]:
    """The state of each output of the dates at an instant, by the tables."""
    counts: dict[date, dict[str, int]] = defaultdict(dict)
    for covered in warehouse.rows(games_covered_sql(), over, _Covered):
        counts[covered.game_date][covered.output] = covered.games
    reasons: dict[date, dict[str, str]] = defaultdict(dict)
    for failure in warehouse.rows(load("reconcile/failures_of_dates"), over, _Failure):
        reasons[failure.game_date][failure.output] = failure.cause
    return tuple(
        row
        for day in days
        for row in assess(sources.EXPECTED_OUTPUTS, day, counts[day.game_date], now, reasons[day.game_date])
    )


@cache
def games_covered_sql() -> str:
    """Counts the games that each output covers: one SELECT for each output of a source, then Tipoff's own outputs."""
    begin = "WITH covered AS (\n"
    delivered = (output for source in sources.SOURCES.values() for output in source.delivers)
    selects = (_DELIVERED[output.per].format(name=output.name) for output in delivered)
    return load("reconcile/games_covered").replace(
        begin, begin + "".join(f"{select}  UNION ALL\n" for select in selects), 1
    )


_DELIVERED: Mapping[str, str] = {
    "game": """\
  SELECT '{name}' AS output, d.game_date, d.nba_game_id
  FROM nba_raw.{name} AS d WHERE d.game_date BETWEEN @start_date AND @end_date
""",
    "date": """\
  SELECT '{name}' AS output, g.game_date, g.nba_game_id
  FROM (SELECT DISTINCT d.game_date FROM nba_raw.{name} AS d
        WHERE d.game_date BETWEEN @start_date AND @end_date) AS r
  JOIN nba_raw.nbac_schedule AS g ON g.game_date = r.game_date
""",
}


def _sentence(row: Expected) -> str:
    return (
        f"{row.output} of {row.game_date} covers {row.actual_rows} of {row.expected_rows} games and was due at "
        f"{row.deadline_at:%Y-%m-%d %H:%M} UTC: {row.cause}"
    )


def _record(context: StateWiring[ReconcileSettings], rows: Sequence[Expected], now: datetime) -> None:
    if not rows:
        return
    context.warehouse.append(
        tables.get("expected_outputs_log"),
        [
            ExpectedRow(
                game_date=row.game_date,
                output=row.output,
                expected_rows=row.expected_rows,
                actual_rows=row.actual_rows,
                state=row.state,
                cause=row.cause or None,
                deadline_at=row.deadline_at,
                checked_at=now,
                release=context.settings.release,
            )
            for row in rows
        ],
    )


def _alert_failed_checks(context: StateWiring[ReconcileSettings], over: Mapping[str, date]) -> tuple[str, ...]:
    """Alert a person once of each failed check: only one run can mark the lock of the alert as done."""
    failed = failed_checks(context.warehouse, over)
    for found in failed:
        text = f"{found.table}: {found.subject}: {found.detail}"
        alert = partial(context.ops.alert, "check_failed", found.subject, text)
        _done_once(context.locks, f"checks/{found.table}/{found.subject.replace(': ', '/')}", alert)
    return tuple(found.subject for found in failed)


def _ingest_lost(context: StateWiring[ReconcileSettings]) -> tuple[str, ...]:
    """Look for objects without a receipt, once an hour: a listing of the whole bucket is paid by its length."""
    now = context.clock()
    lost: list[str] = []
    _done_once(context.locks, f"lost-objects/{now:%Y-%m-%dT%H}", lambda: lost.extend(ingest_lost_objects(context, now)))
    return tuple(lost)


def _start_missing(
    context: StateWiring[ReconcileSettings], days: Sequence[GameDay], rows: Sequence[Expected], now: datetime
) -> tuple[str, ...]:
    started = []
    locks = Locks(context.store, context.settings.bucket_state, lambda: now)
    startable = {"daily": context.settings.workflow_daily, "postgame": context.settings.workflow_postgame}
    for day in days:
        mine = [row for row in rows if row.game_date == day.game_date]
        for workflow in missing_steps(mine, now, day.last_tipoff_at):
            argument: dict[str, str | int] = {"game_date": str(day.game_date)}
            start = partial(context.workflows.start, startable[workflow], argument)
            if start_limited(locks, f"{day.game_date}/{workflow}", start):
                started.append(f"{workflow}:{day.game_date}")
    return tuple(started)


def start_limited(locks: Locks, key: str, start: Callable[[], object]) -> bool:
    """Start a workflow for a date, unless it was started three times or within the last hour."""
    for number in range(STARTS_PER_DATE):
        name = f"starts/{key}/{number}"
        if _done_once(locks, name, start):
            return True
        state, _ = locks.read(name)
        if not state.done or locks.now() < state.expires_at + START_EVERY:
            return False
    return False


def _done_once(locks: Locks, key: str, work: Callable[[], object]) -> bool:
    """Do work that no reconciliation has done before; False if one has, or is at it.

    A reconciliation that is killed before it has done the work is followed by the next one.
    """
    try:
        with locks.once(key, ReconcileSettings.function, CLAIM_LENGTH):
            work()
    except (LockDone, LockHeld):
        return False
    return True


def _answer(
    days: Sequence[GameDay], rows: Sequence[Expected], changed: int, alerts: Sequence[str], started: tuple[str, ...]
) -> Reconciled:
    states: dict[str, int] = defaultdict(int)
    for row in rows:
        states[row.state] += 1
    return Reconciled("completed", "ok", "OK", len(days), dict(states), changed, tuple(alerts), started)
