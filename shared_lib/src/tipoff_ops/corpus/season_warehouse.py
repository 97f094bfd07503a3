"""Seasons of a corpus in a local warehouse: rows are loaded in bulk, tables are built by the SQL of the steps."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from google.cloud import bigquery

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.tables import Table
from tipoff_local.bigquery import Warehouse as LocalWarehouse
from tipoff_ops.corpus.season_rows import LandingFile
from tipoff_ops.local.project import REGION
from tipoff_ops.local.templates import create_empty_warehouse

PROJECT = "tipoff-backtest"
STORE = "ml_feature_store_v2"
BLOCK_DAYS = 275
DATASETS = ("nba_raw", "nba_analytics", "nba_precompute", "nba_predictions")

type Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LocalEndpoints:
    """Addresses of the warehouse of a backtest."""

    bigquery_emulator_host: str
    bigquery_storage_emulator_host: str
    project_id: str = PROJECT
    region: str = REGION
    storage_emulator_host: str | None = None
    pubsub_emulator_host: str | None = None
    workflows_emulator_host: str | None = None
    emulator_access_token: str | None = None


@contextmanager
def open_warehouse(folder: Path, templates: Path) -> Iterator[LocalEndpoints]:
    """A running warehouse of all tables in `folder`, created empty if there is none; its data stay at the end."""
    if not folder.is_dir():
        create_empty_warehouse(folder, templates, PROJECT)
    server = LocalWarehouse(folder, PROJECT)
    server.start()
    try:
        yield LocalEndpoints(server.rest_url, server.grpc_address)
    finally:
        server.stop()


def load_files(endpoints: LocalEndpoints, files: Sequence[LandingFile], progress: Progress) -> None:
    """Append the files to their landing tables by load jobs."""
    config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_APPEND")
    with bigquery_client(endpoints) as client:
        for done, file in enumerate(files, start=1):
            with file.path.open("rb") as data:
                client.load_table_from_file(data, f"{PROJECT}.{file.table.full_name}", job_config=config).result()
            progress(f"loading {file.table.name}", done, len(files))


def lineage(names: Iterable[str]) -> list[Table]:
    """The named tables and all tables that they read, inputs first."""
    by_name = {table.full_name: table for table in tables.all_tables()}
    wanted: set[str] = set()
    todo = [tables.get(name).full_name for name in names]
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo.extend(by_name[name].spec.inputs)
    return [table for table in tables.lineage_order() if table.full_name in wanted]


def store_tables() -> list[Table]:
    """The derived tables behind the feature store, the store included, inputs first."""
    return [table for table in lineage((STORE,)) if table.kind == "derived"]


def season_dates(season_year: int) -> tuple[date, date]:
    """First and last Eastern date that a season's games may have."""
    return date(season_year, 10, 1), date(season_year + 1, 6, 30)


def blocks(season_year: int) -> list[tuple[date, date]]:
    """The season in spans of at most BLOCK_DAYS: few, as each rebuild has a fixed cost, and small enough for memory."""
    first, last = season_dates(season_year)
    starts = range(0, (last - first).days + 1, BLOCK_DAYS)
    return [(first + timedelta(d), min(first + timedelta(d + BLOCK_DAYS - 1), last)) for d in starts]


def build_tables(
    endpoints: LocalEndpoints, seasons: Sequence[int], lead_minutes: int, progress: Progress, only: Iterable[Table] = ()
) -> None:
    """Rebuild the tables behind the feature store, or `only` these, for whole seasons, each game at its own cutoff."""
    chosen = list(only) or store_tables()
    as_of = datetime(max(seasons) + 2, 1, 1, tzinfo=UTC)
    spans = [span for season in sorted(seasons) for span in blocks(season)]
    warehouse = Warehouse(endpoints, DATASETS)
    for done, (table, (first, last)) in enumerate(((table, span) for table in chosen for span in spans), start=1):
        progress(f"building {table.name}", done, len(chosen) * len(spans))
        warehouse.rebuild(table, BuildRange(first, last, as_of, lead_minutes))
    warehouse.close()
