"""`tipoff backtest`: the season in words on the terminal, in full as JSON, and as a page with its charts."""

import os
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

LEAD_MINUTES = 30


def season_year(text: str) -> int:
    """The year a season starts in, from `2024-25` or `2024`.

    Raises:
        typer.BadParameter: it is neither.
    """
    year, _, end = text.partition("-")
    if not (year.isdigit() and len(year) == 4) or (end and end != f"{(int(year) + 1) % 100:02}"):
        raise typer.BadParameter(f"{text!r} is no season: write 2024-25")
    return int(year)


def backtest(
    corpus: Annotated[Path, typer.Option(help="Folder of landing zips, one a season.")],
    test_season: Annotated[str, typer.Option(help="The season to predict, e.g. 2024-25.")],
    lead: Annotated[int, typer.Option(help="Minutes before tip-off at which predictions stand.")] = LEAD_MINUTES,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("reports"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Walk a season forward by week through the code of production, and tell how good it was, beside the line."""
    from tipoff.forecast.report import Report
    from tipoff_ops import backtest as work
    from tipoff_ops.backtest_data import BacktestData
    from tipoff_ops.build import find_project

    root = find_project().root / ".tipoff"
    season = season_year(test_season)
    data = BacktestData(corpus, root / "backtest", root / "templates")
    console = Console(stderr=True)
    started = time.monotonic()
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True) as shown:
        task = shown.add_task("reading")
        table = data.table(season, lead, lambda what, n, of: shown.update(task, description=f"{what} {n}/{of}"))
        walk = work.parallel(os.cpu_count() or 1, lambda n, of: shown.update(task, description=f"week {n}/{of}"))
        report: Report = work.backtest(table, season, walk)
    written = work.write(report, out / f"backtest-{test_season}-lead{lead}")
    console.print(f"{', '.join(str(path) for path in written)} in {time.monotonic() - started:.0f} s")
    typer.echo(msgspec.json.encode(report).decode() if as_json else "\n".join(work.lines(report)))
