"""`tipoff verify`: the tables compared with the expected tables of a corpus."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.cli.options import AsJson
from tipoff_ops.cli.output import out, print_json
from tipoff_ops.cli.progress import counter
from tipoff_ops.corpus.compare import TableReport, compare_seasons, expected_seasons
from tipoff_ops.intake.send import send_all, temporary_mesh


def verify(
    corpus: Annotated[Path, typer.Option("--corpus", help="Folder with landing zips and expected/.", exists=True)],
    season: Annotated[list[str] | None, typer.Option("--season", help="A season, e.g. 2023-24 [all].")] = None,
    layer: Annotated[str, typer.Option("--layer", help="raw, analytics or all.")] = "raw",
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of a local cloud; without it, the seasons are ingested first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the tables with the expected tables of a corpus.

    Exits with 1 if a row differs and the difference is not a known one.

    Example: tipoff verify --corpus ../corpus --season 2023-24
    """
    seasons = season or expected_seasons(corpus)
    with temporary_mesh(data) as mesh, counter("documents uploaded") as advance:
        if data is None:
            send_all(mesh, [corpus / f"landing-{each}.zip" for each in seasons], [], advance)
        reports = list(compare_seasons(Warehouse(mesh.settings, []), corpus, seasons, layer))
    if as_json:
        print_json(reports)
    else:
        out.print(_table(reports))
    raise typer.Exit(1 if any(report.mismatched for report in reports) else 0)


def _table(reports: Sequence[TableReport]) -> Table:
    table = Table("season", "table", "expected", "actual", "mismatched", "explained", "first difference")
    for report in reports:
        counts = (report.expected, report.actual, report.mismatched, report.explained)
        first = report.examples[0] if report.examples else None
        text = f"{first.key} {first.column}: {first.expected} -> {first.actual}" if first else ""
        table.add_row(report.season, report.table, *map(str, counts), text)
    return table
