"""`tipoff ingest` and `tipoff verify`: documents in, and the tables compared with what they must hold."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.ingest import UNACCOUNTED, IntakeMesh, IntakeReport, ingest, intake_mesh
from tipoff_ops.verify import TableReport, expected_seasons, verify

console = Console(stderr=True)
out = Console()

Source = Annotated[list[Path], typer.Argument(help="Zips or folders; member names are object names.", exists=True)]
With = Annotated[list[Path] | None, typer.Option("--with", help="Land these first, unreported.", exists=True)]
Alone = Annotated[bool, typer.Option("--alone", help="Land nothing first, not even from landing zips beside.")]
Data = Annotated[Path | None, typer.Option("--data", help="Keep the cloud's data here, and go on with them.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def ingest_command(
    sources: Source, before: With = None, alone: Alone = False, data: Data = None, as_json: AsJson = False
) -> None:
    """Send documents through the event path of a local cloud; report what became of each."""
    with temporary_mesh(data) as mesh, counting("documents landed") as advance:
        report = ingest(mesh, sources, before or [], advance, context=not alone)
    if as_json:
        typer.echo(msgspec.json.encode({**_summary(report), "objects": report.objects}))
    else:
        out.print(_table(report))
        out.print(_summary(report))
    raise typer.Exit(1 if report.unaccounted else 0)


CorpusFolder = Annotated[Path, typer.Option("--corpus", help="Folder with landing zips and expected/.", exists=True)]
Seasons = Annotated[list[str] | None, typer.Option("--season", help="Only these, e.g. 2023-24; otherwise all.")]
Layer = Annotated[str, typer.Option("--layer", help="raw, analytics or all.")]


def verify_command(
    corpus: CorpusFolder, season: Seasons = None, layer: Layer = "raw", data: Data = None, as_json: AsJson = False
) -> None:
    """Compare the tables with the corpus' expected ones; without --data the seasons are ingested first."""
    seasons = season or expected_seasons(corpus)
    with temporary_mesh(data) as mesh, counting("documents landed") as advance:
        if data is None:
            ingest(mesh, [corpus / f"landing-{each}.zip" for each in seasons], [], advance)
        reports = list(verify(Warehouse(mesh.settings, []), corpus, seasons, layer))
    if as_json:
        typer.echo(msgspec.json.encode(reports))
    else:
        out.print(_verify_table(reports))
    raise typer.Exit(1 if any(report.mismatched for report in reports) else 0)


def _verify_table(reports: list[TableReport]) -> Table:
    table = Table("season", "table", "expected", "actual", "mismatched", "explained", "first difference")
    for report in reports:
        counts = (report.expected, report.actual, report.mismatched, report.explained)
        first = report.examples[0] if report.examples else None
        told = f"{first.key} {first.column}: {first.expected} -> {first.actual}" if first else ""
        table.add_row(report.season, report.table, *map(str, counts), told)
    return table


@contextmanager
def temporary_mesh(data: Path | None) -> Iterator[IntakeMesh]:
    """A mesh for the command alone, in `data` or in a folder that goes with it."""
    from tipoff_ops.build import find_project

    with tempfile.TemporaryDirectory(prefix="tipoff-") as scratch:
        mesh = intake_mesh(find_project(), data or Path(scratch) / "cloud")
        try:
            with console.status("starting the local cloud"):
                mesh.start()
            yield mesh
        finally:
            mesh.stop()


class _Advance:
    def __init__(self, progress: Progress, text: str) -> None:
        self._progress, self._task = progress, progress.add_task(text, total=None)

    def __call__(self, count: int) -> None:
        self._progress.update(self._task, advance=count)


@contextmanager
def counting(text: str) -> Iterator[_Advance]:
    """A spinner on standard error with a count of `text`; what it yields adds to the count."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Advance(progress, text)


def _summary(report: IntakeReport) -> dict[str, int | dict[str, int]]:
    return {
        "listed": len(report.objects),
        "outcomes": dict(sorted(report.outcomes().items())),
        "unaccounted": report.unaccounted,
        "rows_in": sum(fate.rows_in for fate in report.objects),
        "rows_out": sum(fate.rows_out for fate in report.objects),
        "rows_rejected": sum(fate.rows_rejected for fate in report.objects),
        "context_objects": report.context_objects,
    }


def _table(report: IntakeReport) -> Table:
    """Every object if they are few; otherwise those that are not simply accepted."""
    table = Table("object", "outcome", "reason", "in", "out", "rejected")
    few = len(report.objects) <= 100
    for fate in report.objects:
        if few or fate.outcome == UNACCOUNTED or fate.outcome != "accepted":
            counts = (str(fate.rows_in), str(fate.rows_out), str(fate.rows_rejected))
            table.add_row(fate.object_name[:90], fate.outcome, fate.reason or "", *counts)
    return table
