"""The commands that repair an output."""

from datetime import date, datetime

import msgspec

from tipoff import sources
from tipoff.cloud.bigquery import Warehouse
from tipoff.core.expected import Expected
from tipoff_ops.queries import load

# The source to collect for an output that documents deliver.
COLLECTED_BY = {
    output.name: name
    for name, source in sources.SOURCES.items()
    for output in source.delivers
    if source.collection is not None
}
REPEATS_MAX = 1  # a step that failed twice on the same inputs fails again


class NewestRun(msgspec.Struct, frozen=True):
    """The newest run of a step over a date; `repeats` counts failed runs on the same inputs and release."""

    step: str
    outcome: str
    cause: str
    message: str
    as_of: datetime | None
    ended_at: datetime
    rows_out: int
    repeats: int


def newest_run(warehouse: Warehouse, output: str, day: date) -> NewestRun | None:
    """The newest run of the step that makes an output, over a date; None if it never ran."""
    found = warehouse.rows(load(__file__, "newest_run"), {"step": output, "game_date": day}, NewestRun)
    return found[0] if found else None


def rebuild_command(first: date, last: date) -> str:
    """The command that rebuilds the dates, to what readers see."""
    return f"tipoff reprocess --from {first} --to {last} --steps ingest..publish"


def repair_command(row: Expected, run: NewestRun | None, last_tipoff_at: datetime | None) -> str:
    """The command that repairs an output; empty if no command helps, only waiting or a person.

    A step is not proposed that has failed twice on the same inputs, or that found no rows when it could already see
    everything that was known before the games.

    Args:
        run: the newest run of the output's step over the date.
        last_tipoff_at: the last tip-off of the date.
    """
    kind = row.cause.partition(":")[0]
    if row.state == "EXPECTED" or kind == "no_schedule":
        return ""
    if row.output in COLLECTED_BY or kind == "not_received":
        source = COLLECTED_BY.get(row.output)
        return f"tipoff collect {source} {row.game_date}" if source else ""
    if kind == "step_failed" and run is not None and run.repeats > REPEATS_MAX:
        return ""
    if kind == "built_without_rows" and _saw_everything(run, last_tipoff_at):
        return ""
    return rebuild_command(row.game_date, row.game_date)


def _saw_everything(run: NewestRun | None, last_tipoff_at: datetime | None) -> bool:
    return run is not None and run.as_of is not None and last_tipoff_at is not None and run.as_of >= last_tipoff_at
