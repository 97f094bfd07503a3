"""`tipoff collect`: one source of one date, or of a season date by date."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tipoff_ops.collecting import Backfilled, Collector, CollectRefused, Season, backfill
from tipoff_ops.local_control import operator_token, place_of
from tipoff_ops.local_state import NotUp

FUNCTION = "collect"
console = Console(stderr=True)
out = Console()

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="Eastern game date.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Every date up to this one.")]
Snapshot = Annotated[
    datetime | None, typer.Option(formats=["%H:%M"], help="Odds as of this Eastern time: ten times the price.")
]
Url = Annotated[str | None, typer.Option(help="URL of the function; the local cloud's without.")]
Token = Annotated[
    str, typer.Option(envvar="TIPOFF_IDENTITY_TOKEN", help="For --url: `gcloud auth print-identity-token`.")
]


def collect(
    source: Annotated[str, typer.Argument(help="E.g. nbac_boxscore; an unknown one lists all.")],
    day: Day,
    to: To = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="What would be asked, and its price.")] = False,
    snapshot: Snapshot = None,
    max_requests: Annotated[int, typer.Option(help="The most requests of all dates together.")] = 2000,
    max_credits: Annotated[int, typer.Option(help="The most paid credits of all dates together.")] = 60,
    again: Annotated[bool, typer.Option("--again", help="Also dates that ended well before.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Folder of the local cloud.")] = None,
    url: Url = None,
    token: Token = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Fetch a source into the landing bucket, date by date; run it again to go on where it stopped."""
    at = (snapshot.hour, snapshot.minute) if snapshot else None
    season = Season(source, day.date(), (to or day).date(), at, max_requests, max_credits, again, dry_run)
    try:
        done = _played(season, _collector(folder, url, token))
    except (CollectRefused, NotUp) as error:
        console.print(str(error), highlight=False)
        raise typer.Exit(2) from error
    _tell(done, as_json=as_json)
    raise typer.Exit(1 if done.message or done.missing else 0)


def _collector(folder: Path | None, url: str | None, token: str) -> Collector:
    if url is not None:
        return Collector(url, token)
    place = place_of(folder)
    return Collector(place.read().services[FUNCTION], operator_token(place, FUNCTION))


def _played(season: Season, collector: Collector) -> Backfilled:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(season.source, total=len(season.dates))

        def advance(done: Backfilled) -> None:
            told = f"{season.source}: {done.landed} landed, {done.requests} requests, {done.credits} credits"
            progress.update(task, advance=1, description=told)

        return backfill(season, collector.collect, advance)


def _tell(done: Backfilled, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(done))
        return
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(done.outcomes.items()))
    out.print(f"{outcomes}: {done.landed} landed, {done.requests} requests, {done.credits} credits", highlight=False)
    if done.missing:
        out.print(f"missing: {' '.join(done.missing)}", highlight=False)
    if done.message:
        out.print(done.message, highlight=False)
    if done.stopped_at:
        out.print(f"stopped at {done.stopped_at}: mend it and run the same again, it goes on there", highlight=False)
