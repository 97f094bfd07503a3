"""Phases 3 and 4 on the local warehouse: a date, a season, four seasons, and how the cost grows.

    python tests/performance/bench_tables.py [real|simulated]

Real seasons need the corpus (TIPOFF_CORPUS); what was parsed of it is kept for the next run. The simulated league is
played once and moved on by years, so that twenty seasons differ in nothing but their dates. One JSON line a figure.
"""

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from google.cloud import bigquery
from tests.sql.asof_warehouse import landed
from tests.sql.statements.scans import scans

from tipoff.cloud.bigquery import BuildRange, Warehouse
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff.tables import Table, landing
from tipoff_ops.corpus import season_warehouse
from tipoff_ops.corpus.season_rows import parse_season, season_zip
from tipoff_sim import SMALL, League

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", ROOT.parent / "shared" / "corpus"))
KEPT = ROOT / ".tipoff"
SEASONS = (2021, 2022, 2023, 2024)
DATES = tuple(date(2025, 1, 14) + timedelta(n) for n in range(5))
AS_OF = datetime(2060, 1, 1, tzinfo=UTC)
LEAD_MINUTES = 30
SIMULATED, TEAMS, GAME_DAYS, YEAR = (5, 10, 20), 6, 10, timedelta(weeks=52)
SIM_START = date(2001, 10, 23)
TABLES = [
    table
    for table in season_warehouse.lineage((season_warehouse.STORE, "player_daily_cache"))
    if table.kind == "derived"
]


def told(what: str, value: float, unit: str = "s") -> None:
    """One figure."""
    print(json.dumps({"what": what, "server": "warehouse", "value": round(value, 2), "unit": unit}), flush=True)


@dataclass(frozen=True)
class Bench:
    """A warehouse with landed seasons and the tables of phases 3 and 4, inputs first."""

    at: season_warehouse.LocalEndpoints
    warehouse: Warehouse
    tables: Sequence[Table]

    def build(self, first: date, last: date) -> float:
        """Seconds to rebuild every table over the dates, one after the other."""
        began = time.monotonic()
        for table in self.tables:
            self.warehouse.rebuild(table, BuildRange(first, last, AS_OF, LEAD_MINUTES))
        return time.monotonic() - began


@contextmanager
def bench() -> Iterator[Bench]:
    """An empty one."""
    with (
        tempfile.TemporaryDirectory() as folder,
        season_warehouse.open_warehouse(Path(folder) / "warehouse", KEPT / "templates") as at,
    ):
        warehouse = Warehouse(at, season_warehouse.DATASETS)
        yield Bench(at, warehouse, TABLES)
        warehouse.close()


def real() -> None:
    """A season after the other into one warehouse, then single dates on top of all four."""
    with bench() as here:
        spent = 0.0
        for number, season in enumerate(SEASONS, start=1):
            files = parse_season(season_zip(CORPUS, season), KEPT / "backtest" / "landing")
            season_warehouse.load_files(here.at, files, lambda *_: None)
            took = here.build(*season_warehouse.season_dates(season))
            spent += took
            told(f"phases 3 and 4, season {season} (gate 20)", took)
            if number in (1, 2, 4):
                gate = " (gate 60)" if number == len(SEASONS) else ""
                told(f"phases 3 and 4, the first {number} corpus seasons{gate}", spent)
        first, *others = [here.build(day, day) for day in DATES]
        told("phases 3 and 4, one date, the first", first)
        told(f"phases 3 and 4, one date, median of {len(others)} (gate 4)", median(others))


def simulated() -> None:
    """Twenty seasons of a small league, all landed; then the first five, ten and all of them in one range."""
    season = League(5, teams=TEAMS).season(SIM_START, GAME_DAYS, SMALL)
    rows = landed((document.object_name, document.body) for document in season)
    rows["nbac_play_by_play"] = [
        row for row in rows["nbac_play_by_play"] if row["is_field_goal"]
    ]  # the others are many
    with bench() as here:
        load(here, {name: [moved(name, row, n) for n in range(max(SIMULATED)) for row in found]
                    for name, found in rows.items()})  # fmt: skip
        took = {n: here.build(SIM_START, season.end_date + YEAR * (n - 1)) for n in SIMULATED}
    for seasons, seconds in took.items():
        told(f"phases 3 and 4, {seasons} simulated seasons of {len(season.matchups)} games", seconds)
    few, many = SIMULATED[-2:]
    told(f"a simulated season among {many} against one among {few}", took[many] / many / (took[few] / few), "x")


def load(here: Bench, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Append landing rows by load jobs."""
    with bigquery_client(here.at) as client:
        for name, found in rows.items():
            target = f"{season_warehouse.PROJECT}.{landing(name).full_name}"
            config = bigquery.LoadJobConfig(schema=client.get_table(target).schema)
            client.load_table_from_json(found, target, job_config=config).result()


def moved(name: str, row: dict[str, Any], years: int) -> dict[str, Any]:
    """A landing row of the same season, so many years on: other dates, ids and names of documents."""
    kinds = {column.name: column.type for column in landing(name).columns}
    done = {column: _moved(kinds[column], value, years) for column, value in row.items()}
    for column, change in IDS.items():
        if done.get(column) is not None:
            done[column] = change(done[column], years)
    return done


def _moved(kind: str, value: Any, years: int) -> Any:
    if value is None or kind not in ("DATE", "TIMESTAMP"):
        return value
    if kind == "DATE":
        return (date.fromisoformat(value) + YEAR * years).isoformat()
    return (datetime.fromisoformat(value) + YEAR * years).isoformat()


def _platform_id(text: str, years: int) -> str:
    if not re.fullmatch(r"\d{8}_\w{3}_\w{3}", text):
        return f"{text}{years}"
    day = datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=UTC) + YEAR * years
    return f"{day:%Y%m%d}{text[8:]}"


IDS: dict[str, Callable[[Any, int], Any]] = {
    "nba_game_id": lambda text, years: f"{text[:3]}{int(text[3:5]) + years:02}{text[5:]}",
    "game_id": _platform_id,
    "odds_api_event_id": lambda text, years: f"{text}{years}",
    "source_object": lambda text, years: f"{years}/{text}",
    "season_year": lambda year, years: year + years,
    "season": lambda text, years: f"{int(text[:4]) + years}{text[4:]}",
}


def main(which: str) -> None:
    """Measure and tell."""
    megabytes = sum(scan.megabytes for table in TABLES for scan in scans(table))
    told("bytes scanned on BigQuery for one date, estimated", megabytes, "MB")
    if which != "simulated" and CORPUS.is_dir():
        real()
    if which != "real":
        simulated()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
