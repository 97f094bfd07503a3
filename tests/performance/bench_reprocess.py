"""A whole season rebuilt by one command: `python tests/performance/bench_reprocess.py [LANDING_ZIP] [SLEEP_SCALE]`.

The season's documents are loaded into a local cloud beforehand; then what `tipoff reprocess --from --to` does is timed:
analyze, precompute, predict each date, grade. One JSON line: seconds in all and by step. No assertion: figures only.
LANDING_ZIP is the season 2023-24 of the corpus unless named; SLEEP_SCALE is that of `tipoff local up` (1.0, unless
named: a workflow that waits a second waits a second).
"""

import json
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from google.cloud import bigquery

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.bigquery import bigquery_client
from tipoff_ops.build import find_project
from tipoff_ops.corpus.season_rows import LandingFile, parse_season
from tipoff_ops.local.cloud import LocalMesh, running
from tipoff_ops.local.project import PROJECT_ID
from tipoff_ops.local.state import state_of
from tipoff_ops.operate.reprocess import run as reprocess_run
from tipoff_ops.operate.target import local_target

CORPUS = Path(os.environ.get("TIPOFF_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
SEASON = CORPUS / "landing-2023-24.zip"
DATES_SQL = """
SELECT MIN(s.game_date) AS first_date, MAX(s.game_date) AS last_date, COUNT(*) AS games
FROM nba_raw.nbac_schedule AS s
WHERE s.season_type IN ('regular_season', 'playoffs', 'play_in', 'cup_final')
"""
COUNTS_SQL = """
SELECT
  (SELECT COUNT(*) FROM nba_predictions.player_prop_predictions AS p
   WHERE p.game_date BETWEEN @a AND @b) AS predictions,
  (SELECT COUNT(*) FROM nba_predictions.prediction_accuracy AS g WHERE g.game_date BETWEEN @a AND @b) AS grades,
  (SELECT COUNT(*) FROM nba_analytics.player_game_summary AS s WHERE s.game_date BETWEEN @a AND @b) AS player_games
"""
STEPS_SQL = """
SELECT r.function, ROUND(SUM(r.duration_seconds), 1) AS table_seconds,
  TIMESTAMP_DIFF(MAX(r.ended_at), MIN(r.started_at), MILLISECOND) AS wall_ms
FROM nba_ops.run_history AS r GROUP BY r.function ORDER BY r.function
"""


class _Dates(msgspec.Struct, frozen=True):
    first_date: date
    last_date: date
    games: int


def main(archive: Path, sleep_scale: float) -> dict[str, Any]:
    """Measure."""
    project = find_project()
    files = parse_season(archive, project.root / ".tipoff" / "backtest" / "landing")
    with (
        tempfile.TemporaryDirectory() as folder,
        running(project, Path(folder) / "cloud", sleep_scale=sleep_scale) as mesh,
    ):
        load(mesh, files)
        return measure(mesh) | {"sleep_scale": sleep_scale}


def load(mesh: LocalMesh, files: list[LandingFile]) -> None:
    """The season's landing rows, as ingest would have appended them."""
    config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_APPEND")
    with bigquery_client(mesh.settings) as client:
        for file in files:
            with file.path.open("rb") as data:
                client.load_table_from_file(data, f"{PROJECT_ID}.{file.table.full_name}", job_config=config).result()


def measure(mesh: LocalMesh) -> dict[str, Any]:
    """Rebuild the season and look at what stands then."""
    warehouse = Warehouse(mesh.settings, [])
    (season,) = warehouse.rows(DATES_SQL, {}, _Dates)
    target = local_target(state_of(mesh))
    load_before, began = os.getloadavg()[0], time.perf_counter()
    run = reprocess_run.start_or_resume(
        target, reprocess_run.ReprocessRange(season.first_date, season.last_date), reprocess_run.new_as_of()
    )
    looks = [(time.perf_counter() - began, seen) for seen in run.watch()]
    seconds, last = looks[-1]
    over = {"a": season.first_date, "b": season.last_date}
    return {
        "what": f"reprocess {season.first_date} to {season.last_date} ({season.games} games)",
        "server": "tipoff_local",
        "value": round(seconds, 1),
        "unit": "s",
        "state": last.execution.state,
        "error": last.execution.error[:500],
        "load_before": load_before,
        "counts": warehouse.rows(COUNTS_SQL, over, dict[str, Any])[0],
        "tables": warehouse.rows(STEPS_SQL, {}, dict[str, Any]),
        "cpu_seconds": {name: _cpu_s(pid) for name, pid in pids(mesh).items()},
    }


def pids(mesh: LocalMesh) -> dict[str, int]:
    """Every process of the cloud, this one included."""
    return {"servers": os.getpid(), "bigquery": mesh.warehouse.pid or 0, **mesh.host.pids}


def _cpu_s(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(arguments: list[str]) -> dict[str, Any]:
    """What the command line asks for; a row without a value where its season is not here."""
    archive = Path(arguments[0]) if arguments else SEASON
    if not archive.is_file():
        return {"what": "reprocess a season", "server": "-", "value": None, "unit": "the corpus is not here"}
    return main(archive, float(arguments[1]) if len(arguments) > 1 else 1.0)


if __name__ == "__main__":
    print(json.dumps(asked(sys.argv[1:])))
