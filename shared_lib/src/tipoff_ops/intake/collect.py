"""`tipoff collect`: one source of one date, or of a range date by date."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tipoff_ops.cli.options import DATE_FORMATS, AsJson, Env, Folder, Project
from tipoff_ops.cli.output import console, fail, out, print_json
from tipoff_ops.intake.collect_dates import Collector, CollectRange, CollectRefused, CollectTotals, collect_dates
from tipoff_ops.operate.function_access import function_access
from tipoff_ops.operate.target import selected_target

FUNCTION = "collect"


def collect(
    source: Annotated[str, typer.Argument(help="E.g. nbac_boxscore; the error for an unknown name lists all.")],
    day: Annotated[datetime, typer.Argument(formats=DATE_FORMATS, help="Eastern game date.")],
    to: Annotated[
        datetime | None, typer.Option("--to", formats=DATE_FORMATS, help="Last date of a range, included.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the requests and their price.")] = False,
    snapshot: Annotated[
        datetime | None, typer.Option(formats=["%H:%M"], help="Odds as of this Eastern time: ten times the price.")
    ] = None,
    max_requests: Annotated[int, typer.Option(help="Maximum of requests for all dates together.")] = 2000,
    max_credits: Annotated[int, typer.Option(help="Maximum of paid credits for all dates together.")] = 60,
    again: Annotated[bool, typer.Option("--again", help="Include dates that were collected before.")] = False,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    url: Annotated[str | None, typer.Option(help="URL of the function, instead of the local cloud's.")] = None,
    token: Annotated[
        str, typer.Option(envvar="TIPOFF_IDENTITY_TOKEN", help="For --url: `gcloud auth print-identity-token`.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Fetch a source into the landing bucket, date by date.

    The same command, run again, resumes where it stopped.

    Example: tipoff collect nbac_boxscore 2024-11-02 --dry-run
    """
    at = (snapshot.hour, snapshot.minute) if snapshot else None
    work = CollectRange(source, day.date(), (to or day).date(), at, max_requests, max_credits, again, dry_run)
    try:
        with _collector(folder, project, env, url, token) as collector:
            totals = _collect_with_progress(work, collector)
    except CollectRefused as error:
        fail(str(error), exit_code=2)
    _print_totals(totals, as_json=as_json)
    raise typer.Exit(1 if totals.message or totals.missing else 0)


@contextmanager
def _collector(folder: Path | None, project: str, env: str, url: str | None, token: str) -> Iterator[Collector]:
    if url is not None:
        yield Collector(url, token)
        return
    with selected_target(folder, project, env, functions=True) as target:
        yield Collector(*function_access(target, FUNCTION))


def _collect_with_progress(work: CollectRange, collector: Collector) -> CollectTotals:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(work.source, total=len(work.dates))

        def advance(totals: CollectTotals) -> None:
            progress.update(task, advance=1, description=f"{work.source}: {_counts(totals)}")

        return collect_dates(work, collector.collect, advance)


def _print_totals(totals: CollectTotals, *, as_json: bool) -> None:
    if as_json:
        print_json(totals)
        return
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(totals.outcomes.items()))
    out.print(f"{outcomes}: {_counts(totals)}")
    if totals.missing:
        out.print(f"missing: {' '.join(totals.missing)}")
    if totals.message:
        out.print(totals.message)
    if totals.stopped_at:
        out.print(
            f"stopped at {totals.stopped_at}: repair the cause and run the same command again to resume",
        )


def _counts(totals: CollectTotals) -> str:
    return f"{totals.landed} landed, {totals.requests} requests, {totals.credits} credits"
