"""The data of the release before are brought up with their rows, in the folder in which that release kept them."""

import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.contract.source_tree import ROOT

from tipoff_sim import SMALL, Kind, League

FORMER = "d964331"
KINDS = (Kind.SCHEDULE, Kind.BOXSCORE, Kind.INJURY_REPORT)
TABLES = ("nbac_schedule", "nbac_player_boxscores", "nbac_injury_report")


def former_checkout(folder: Path) -> Path:
    """The sources of the former release; skips in a clone that does not have its commit."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", FORMER], capture_output=True, check=False)
    if archive.returncode != 0:
        pytest.skip(f"this clone does not have the commit {FORMER}")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def tipoff(checkout: Path, *words: str) -> Any:
    """The JSON answer of a command of a checkout."""
    command = [sys.executable, "-m", "tipoff_ops", *words, "--json"]
    done = subprocess.run(
        command, cwd=checkout, env={"PATH": "/usr/bin:/bin", "HOME": str(checkout.parent),
        "PYTHONPATH": str(checkout / "shared_lib" / "src")}, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_data_of_the_former_release_are_upgraded_with_their_rows(tmp_path: Path) -> None:
    former, data, landing = former_checkout(tmp_path / "former"), tmp_path / "data", tmp_path / "landing.zip"
    season = League(11).season(date(2024, 11, 1), 2, SMALL)
    with zipfile.ZipFile(landing, "w") as archive:
        for document in season:
            if document.kind in KINDS:
                archive.writestr(document.object_name, document.body)

    report = tipoff(former, "ingest", str(landing), "--data", str(data))
    moved = data.rename(tmp_path / "moved")

    assert report["unaccounted"] == 0
    counts = " UNION ALL ".join(f"SELECT '{name}' AS name, COUNT(*) AS n FROM nba_landing.{name}" for name in TABLES)
    rows = {row["name"]: row["n"] for row in tipoff(ROOT, "sql", counts, "--folder", str(moved))}
    receipts = "SELECT COUNT(*) AS n, SUM(r.rows_out) AS rows_out FROM nba_ops.object_receipts AS r"
    (found,) = tipoff(ROOT, "sql", receipts, "--folder", str(moved))
    assert found["n"] == len(report["objects"])
    assert found["rows_out"] == report["rows_out"] >= sum(rows.values())
    assert all(count > 0 for count in rows.values()), rows
    assert tipoff(ROOT, "quarantine", "ls", "--folder", str(moved)) == []
    again = tipoff(ROOT, "ingest", str(landing), "--data", str(moved))
    assert again["unaccounted"] == 0
