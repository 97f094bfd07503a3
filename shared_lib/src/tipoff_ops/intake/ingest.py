"""`tipoff ingest`: documents through the event path of a local cloud."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tipoff_ops.cli.options import AsJson, Data
from tipoff_ops.cli.output import out, print_json
from tipoff_ops.cli.progress import counter
from tipoff_ops.intake.send import UNACCOUNTED, IntakeReport, send_all, temporary_mesh

ALL_OBJECTS_SHOWN_MAX = 100


def ingest(
    sources: Annotated[
        list[Path], typer.Argument(help="Zips or folders; the names of members are object names.", exists=True)
    ],
    before: Annotated[
        list[Path] | None, typer.Option("--with", help="Upload these first, without a report.", exists=True)
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Upload nothing first, not even from landing zips in the same folder.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Send documents through a local cloud; report outcomes.

    Reports the outcome of each object. Exits with 1 if one has no receipt.

    Example: tipoff ingest landing-2024-25.zip --data /tmp/cloud
    """
    with temporary_mesh(data) as mesh, counter("documents uploaded") as advance:
        report = send_all(mesh, sources, before or [], advance, context=not alone)
    if as_json:
        print_json({**_totals(report), "objects": report.objects})
    else:
        out.print(_table(report))
        out.print(_totals(report))
    raise typer.Exit(1 if report.unaccounted else 0)


def _totals(report: IntakeReport) -> dict[str, int | dict[str, int]]:
    return {
        "listed": len(report.objects),
        "outcomes": dict(sorted(report.outcomes().items())),
        "unaccounted": report.unaccounted,
        "rows_in": sum(each.rows_in for each in report.objects),
        "rows_out": sum(each.rows_out for each in report.objects),
        "rows_rejected": sum(each.rows_rejected for each in report.objects),
        "context_objects": report.context_objects,
    }


def _table(report: IntakeReport) -> Table:
    """All objects if there are few of them; otherwise those that were not accepted."""
    table = Table("object", "outcome", "reason", "in", "out", "rejected")
    show_all = len(report.objects) <= ALL_OBJECTS_SHOWN_MAX
    for each in report.objects:
        if show_all or each.outcome == UNACCOUNTED or each.outcome != "accepted":
            counts = (str(each.rows_in), str(each.rows_out), str(each.rows_rejected))
            table.add_row(each.object_name[:90], each.outcome, each.reason or "", *counts)
    return table
