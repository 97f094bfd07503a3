"""`tipoff backtest`: a past season predicted week by week and scored, on the terminal, as JSON and as a page."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from tipoff_ops.backtest import season as season_backtest
from tipoff_ops.backtest.data import BacktestData
from tipoff_ops.build import find_project
from tipoff_ops.cli.output import console, print_json

LEAD_MINUTES = 30


def season_year(text: str) -> int:
    """The first year of a season, from `2024-25` or `2024`.

    Raises:
        typer.BadParameter: the text is neither.
    """
    year, _, end = text.partition("-")
    if not (year.isdigit() and len(year) == 4) or (end and end != f"{(int(year) + 1) % 100:02}"):
        raise typer.BadParameter(f"{text!r} is not a season; write it as 2024-25")
    return int(year)


def backtest(
    corpus: Annotated[Path, typer.Option(help="Folder of landing zips, one for each season.")],
    test_season: Annotated[str, typer.Option(help="The season to predict, e.g. 2024-25.")],
    lead: Annotated[int, typer.Option(help="Minutes before tip-off at which each game is predicted.")] = LEAD_MINUTES,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("reports"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Predict a past season week by week, and score it.

    The code is that of production. The report also has the scores of the betting line.

    Example: tipoff backtest --corpus ../corpus --test-season 2023-24
    """
    root = find_project().root / ".tipoff"
    season = season_year(test_season)
    data = BacktestData(corpus, root / "backtest", root / "templates")
    started = time.monotonic()
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True) as shown:
        task = shown.add_task("reading")
        table = data.table(season, lead, lambda what, n, of: shown.update(task, description=f"{what} {n}/{of}"))
        walk = season_backtest.parallel(
            os.cpu_count() or 1, lambda n, of: shown.update(task, description=f"week {n}/{of}")
        )
        report = season_backtest.backtest(table, season, walk, missing=data.missing(season, lead))
    written = season_backtest.write_report(report, out / f"backtest-{test_season}-lead{lead}")
    console.print(f"{', '.join(str(path) for path in written)} in {time.monotonic() - started:.0f} s")
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(season_backtest.report_lines(report)))
