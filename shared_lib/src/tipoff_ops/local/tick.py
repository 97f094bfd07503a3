"""`tipoff local tick`: advance the clock of a local cloud."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
import urllib3

from tipoff_local.scheduler.server import TICK_PATH, Tick, Ticked
from tipoff_ops.cli.options import Folder
from tipoff_ops.cli.output import console, fail
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import cloud_folder
from tipoff_ops.local.state import State

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]


class TickRefused(Exception):
    """The scheduler refused to advance the clock; the message is its own."""


def tick(
    to: Annotated[
        datetime, typer.Option(formats=FORMATS, help="Fire the jobs that fall due up to here; UTC without an offset.")
    ],
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=FORMATS, help="Instant at which the clock starts [its present one, or now]."),
    ] = None,
    folder: Folder = None,
) -> None:
    """Advance the clock, and fire each scheduled job that falls due.

    Waits for the workflows that a job started before the next job fires.

    Example: tipoff local tick --from 2025-11-20T11:00 --to 2025-11-20T23:00
    """
    with report_errors():
        state = cloud_folder(folder).read()
    try:
        fired = advance_clock(state, _utc(to), _utc(start) if start else None)
    except TickRefused as error:
        fail(str(error))
    for job in fired:
        console.print(f"{job.at:%Y-%m-%d %H:%M} UTC {job.job}: {job.status}")
    if any(not 200 <= job.status < 300 for job in fired):
        raise typer.Exit(1)


def advance_clock(state: State, to: datetime, start: datetime | None) -> list[Ticked]:
    """Advance the clock of a running local cloud to an instant; returns the jobs that fired.

    Raises:
        TickRefused: the scheduler answered with an error.
    """
    url = next(server.url for server in state.servers if server.name == "scheduler")
    answer = urllib3.PoolManager(retries=False).request(
        "POST", f"{url}{TICK_PATH}", body=msgspec.json.encode(Tick(to, start))
    )
    if answer.status != 200:
        raise TickRefused(answer.data.decode(errors="replace"))
    return msgspec.json.decode(answer.data, type=list[Ticked])


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
