"""The local cloud by hand. Exit codes: 0 done, 1 it could not be done, 2 usage."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from tipoff_ops.local_state import Place

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(stderr=True)

type Folder = Annotated[Path | None, typer.Option("--folder", help="Where it keeps its data [.tipoff/local].")]
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]


@app.command()
def up(
    folder: Folder = None,
    first_port: Annotated[
        int, typer.Option("--port", help="The first of ten neighbouring ports; free ones are chosen without.")
    ] = 0,
    schedule: Annotated[
        bool, typer.Option(help="Fire scheduled jobs when their time comes, not only on tick.")
    ] = False,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Give each function its own process, with its memory limit and its log.")
    ] = False,
    detach: Annotated[bool, typer.Option(help="Go on in the background.")] = False,
    sleep_scale: Annotated[float, typer.Option(help="Real seconds per second that a workflow sleeps.")] = 1.0,
) -> None:
    """Start every server and make every resource of the mesh; runs until Ctrl-C or `tipoff local down`."""
    from tipoff_ops import local_control as control

    def serve(place: "Place") -> None:
        for state in control.serve(place, first_port, sleep_scale, by_the_clock=schedule, isolate=isolate):
            console.print(control.as_table(state))
            console.print('up; eval "$(tipoff local env)" points clients here, Ctrl-C ends it')

    def go_on(place: "Place") -> None:
        switches = {"--schedule": schedule, "--isolate": isolate}
        chosen = [flag for flag, on in switches.items() if on]
        flags = ["--port", str(first_port), "--sleep-scale", str(sleep_scale), *chosen]
        console.print(control.as_table(control.detach(place, flags)))

    _at(folder, go_on if detach else serve)


@app.command()
def down(folder: Folder = None) -> None:
    """End it; the data stay."""
    from tipoff_ops import local_control as control

    _at(folder, control.end)


@app.command()
def env(folder: Folder = None) -> None:
    """Print `export` lines that point official clients, gcloud, bq and curl at it."""
    from tipoff_ops import local_control as control

    sys.stdout.write("\n".join(_at(folder, control.environment)) + "\n")


@app.command()
def status(folder: Folder = None) -> None:
    """Say which servers answer, and whether they are those that were started; 1 if one is not."""
    from tipoff_ops import local_control as control

    state = _at(folder, lambda place: place.read())
    console.print(control.as_table(state))
    if not control.whole(state):
        raise typer.Exit(1)


@app.command()
def token(
    service: Annotated[str, typer.Argument(help="A function, by its mesh key or its service name.")],
    folder: Folder = None,
) -> None:
    """Print an operator's bearer token for a function, good for an hour."""
    from tipoff_ops import local_control as control

    try:
        sys.stdout.write(_at(folder, lambda place: control.operator_token(place, service)) + "\n")
    except KeyError as error:
        raise typer.BadParameter(str(error.args[0])) from error


@app.command()
def tick(
    to: Annotated[datetime, typer.Option(formats=FORMATS, help="Jobs due up to here fire; UTC without an offset.")],
    start: Annotated[
        datetime | None, typer.Option("--from", formats=FORMATS, help="Where time begins; now, or where it stands.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Let time go on: fires each scheduled job due on the way, and waits for what it started before the next."""
    from tipoff_ops import local_control as control

    fired = _at(folder, lambda place: control.tick(place, _utc(to), _utc(start) if start else None))
    for turn in fired:
        console.print(f"{turn.at:%Y-%m-%d %H:%M} UTC {turn.job}: {turn.status}")
    if any(not 200 <= turn.status < 300 for turn in fired):
        raise typer.Exit(1)


@app.command()
def reset(folder: Folder = None) -> None:
    """Delete its data; it must be down."""
    from tipoff_ops import local_control as control

    _at(folder, control.reset)


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _at[T](folder: Path | None, do: "Callable[[Place], T]") -> T:
    """Do something at a place; what a person can mend is a sentence and exit code 1."""
    from tipoff_ops import local_control as control

    try:
        with control.explained():
            return do(control.place_of(folder))
    except control.Refused as refusal:
        console.print(str(refusal), highlight=False)
        raise typer.Exit(1) from refusal
