"""Why a date is in its state."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from tipoff import sources
from tipoff.cloud.bigquery import Warehouse
from tipoff.core.expected import Expected, GameDay
from tipoff.steps.reconcile import assessed, game_days
from tipoff_ops.operate.explain.explanation import Explanation
from tipoff_ops.operate.repair import NewestRun, newest_run, repair_command

DONE = ("COMPLETE", "EMPTY_OK")
OUTPUTS = {output.name: output for output in sources.EXPECTED_OUTPUTS}
CAUSES = {
    "not_received": "no document of it has arrived",
    "not_run": "its step has never run over this date",
    "built_without_rows": "its step ran and found no rows: what it reads was not known before the cutoffs of the games",
    "no_schedule": "no schedule within half a year is known: land one",
}


def explain_date(warehouse: Warehouse, day: date, now: datetime) -> Explanation:
    """Explain the state of a date: the state of every output, and the first cause of what is not complete.

    A required output comes before an optional one, and an overdue one before one that is still awaited.
    """
    dates = {"start_date": day, "end_date": day}
    (game_day,) = game_days(warehouse, dates)
    rows = assessed(warehouse, dates, [game_day], now)
    return explain_rows(game_day, rows, lambda output: newest_run(warehouse, output, day))


def explain_rows(
    game_day: GameDay, rows: Sequence[Expected], find_run: Callable[[str], NewestRun | None]
) -> Explanation:
    """Explain a date by the states of its outputs; `find_run` returns the newest run behind an output."""
    subject = str(game_day.game_date)
    evidence = tuple(_output_line(row) for row in rows)
    incomplete = [row for row in rows if row.state not in DONE]
    if not incomplete:
        state = "COMPLETE" if game_day.games else rows[0].state
        return Explanation(subject, state, _complete_cause(game_day, rows), evidence)
    first = first_cause(incomplete)
    run = find_run(first.output)
    told = (*_run_lines(first, run), *evidence)
    command = repair_command(first, run, game_day.last_tipoff_at)
    return Explanation(subject, first.state, cause_text(first), told, command)


def first_cause(incomplete: Sequence[Expected]) -> Expected:
    """The output to look at first."""

    def rank(row: Expected) -> tuple[bool, bool, bool]:
        return (not row.root, row.state == "EXPECTED", not OUTPUTS[row.output].required)

    return min(incomplete, key=rank)


def cause_text(row: Expected) -> str:
    """The cause of an output's state, in words."""
    kind, _, code = row.cause.partition(":")
    if kind == "step_failed":
        return f"{row.output}: its newest run failed with {code}"
    if kind == "upstream":
        return f"{row.output}: it waits for {code}"
    if kind.startswith("covers_"):
        return f"{row.output}: it covers {row.actual_rows} of {row.expected_rows} games"
    return f"{row.output}: {CAUSES.get(kind, row.cause)} ({row.cause})"


def _run_lines(row: Expected, run: NewestRun | None) -> tuple[str, ...]:
    due = f"due at {row.deadline_at:%Y-%m-%d %H:%M} UTC"
    if run is None:
        return (due,)
    as_of = f", as of {run.as_of:%Y-%m-%d %H:%M} UTC" if run.as_of else ""
    text = f"newest run: {run.outcome} at {run.ended_at:%Y-%m-%d %H:%M} UTC{as_of}, {run.rows_out} rows"
    again = (f"failed {run.repeats} times on the same inputs",) if run.repeats > 1 else ()
    return (due, text, *again, *((run.message,) if run.message else ()))


def _complete_cause(day: GameDay, rows: Sequence[Expected]) -> str:
    return f"{day.games} games, all covered" if day.games else rows[0].cause


def _output_line(row: Expected) -> str:
    cause = f" ({row.cause})" if row.cause else ""
    optional = "" if OUTPUTS[row.output].required else ", optional"
    return f"{row.output}: {row.state}, {row.actual_rows} of {row.expected_rows} games{optional}{cause}"
