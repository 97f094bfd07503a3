"""A checkout never reads composed tables that differ from their sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
READ = "from tipoff.tables import all_tables; print(len(all_tables()))"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources and of the composed tables."""
    for part in ("shared_lib/src", "dist/tables"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def read_tables(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Read the tables of a checkout in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "shared_lib" / "src")}
    command = [sys.executable, "-c", READ]
    return subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True, check=False)


def test_fresh_tables_are_read(checkout: Path) -> None:
    done = read_tables(checkout)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(list((checkout / "dist" / "tables").glob("*/*/table.yaml")))


TABLES = "shared_lib/src/tipoff/tables"


@pytest.mark.parametrize(
    "stale", [f"{TABLES}/nba_raw/games/view.sql", f"{TABLES}/nba_raw/new/view.sql", "dist/tables/sources.json"]
)
def test_tables_that_are_stale_or_missing_are_refused_in_one_sentence(checkout: Path, stale: str) -> None:
    path = checkout / stale
    if path.name == "sources.json":
        shutil.rmtree(path.parent)
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text("SELECT 1 AS edited\n", encoding="utf-8")
    done = read_tables(checkout)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("dist/tables is missing or older than its sources; run: make build")
