"""`tipoff measure-contract`: the measured bounds of every column over the seasons of a corpus."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.errors import NotReady
from tipoff.tables import Table, get
from tipoff_ops.backtest.backtest import LEAD_MINUTES, season_year
from tipoff_ops.build import find_project
from tipoff_ops.cli.output import console
from tipoff_ops.column_contracts.bounds import Season, bounds_lines, rules_to_measure
from tipoff_ops.column_contracts.figures import measure_query
from tipoff_ops.column_contracts.rules import contracted_tables
from tipoff_ops.corpus import season_warehouse
from tipoff_ops.corpus.season_rows import parse_season, season_zip
from tipoff_ops.corpus.season_warehouse import LocalEndpoints


def measure_contract(
    corpus: Annotated[Path, typer.Option(help="Folder of landing zips, one for each season.")],
    table: Annotated[list[str] | None, typer.Option(help="A table to measure. Default: all with a contract.")] = None,
    season: Annotated[list[str] | None, typer.Option(help="A season, e.g. 2024-25. Default: all seasons.")] = None,
) -> None:
    """Print measured bounds for the column contracts.

    The tables are built from the seasons first. Widen a bound before you write it to a contract.yaml. Of a column
    without a rule, the strongest correlation with another column is printed.

    Example: tipoff measure-contract --corpus ../corpus --season 2023-24
    """
    chosen = [get(name) for name in table or ()] or contracted_tables()
    years = [season_year(text) for text in season or ()] or corpus_seasons(corpus)
    for measured, seasons in _measured(corpus, chosen, years):
        typer.echo(f"# {measured.full_name}, seasons that start in {', '.join(map(str, years))}")
        for line in bounds_lines(measured, rules_to_measure(measured), seasons):
            typer.echo(f"  {line}")


def corpus_seasons(corpus: Path) -> list[int]:
    """The first years of the seasons in the corpus, sorted.

    Raises:
        NotReady: the corpus has no season.
    """
    years = sorted(int(path.name.split("-")[1]) for path in corpus.glob("landing-????-??.zip"))
    if not years:
        raise NotReady("season_missing", f"{corpus} has no landing-YYYY-YY.zip")
    return years


def _measured(corpus: Path, chosen: Sequence[Table], years: Sequence[int]) -> Iterator[tuple[Table, list[Season]]]:
    """Each table with its figures per season, from a warehouse that is built for this run."""
    kept = find_project().root / ".tipoff"
    kept.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(dir=kept) as scratch,
        season_warehouse.open_warehouse(Path(scratch) / "warehouse", kept / "templates") as at,
    ):
        _build(at, corpus, kept, chosen, years)
        warehouse = Warehouse(at, ("nba_landing", *season_warehouse.DATASETS))
        for table in chosen:
            yield table, [_season(warehouse, table, year) for year in years]
        warehouse.close()


def _build(at: LocalEndpoints, corpus: Path, kept: Path, chosen: Sequence[Table], years: Sequence[int]) -> None:
    """Load the seasons and build every derived table that the chosen tables read."""
    lineage = season_warehouse.lineage(table.name for table in chosen)
    derived = [table for table in lineage if table.kind == "derived"]
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True) as shown:
        task = shown.add_task("reading")

        def progress(what: str, done: int, total: int) -> None:
            shown.update(task, description=f"{what} {done}/{total}")

        files = [
            file for year in years for file in parse_season(season_zip(corpus, year), kept / "backtest" / "landing")
        ]
        season_warehouse.load_files(at, files, progress)
        season_warehouse.build_tables(at, years, LEAD_MINUTES, progress, derived)


def _season(warehouse: Warehouse, table: Table, year: int) -> Season:
    first, last = season_warehouse.season_dates(year)
    query = measure_query(table, rules_to_measure(table))
    [row] = warehouse.rows(query, {"start_date": first, "end_date": last}, dict[str, Any])
    return first, row
