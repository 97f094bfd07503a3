"""Speed of forecasts on a made-up league of four seasons' size: training, a slate warm and cold, a week of the walk.

Prints one JSON line a figure. The walk of a season is 25 such weeks over the cores, and the folds' models once, which
stand in the training figure.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.unit.forecast.simulated_rows import feature_row, league

from tipoff.forecast.bundle import load
from tipoff.forecast.systems.registry import REGISTRY, forecast_slate
from tipoff.forecast.training import FoldCache, fit_bundle
from tipoff.forecast.versions import FEATURE_NAMES, library_versions
from tipoff.forecast.walk_forward import block

ROWS, SLATE = 142_000, 250
BEFORE = date(2025, 4, 1)
COLD = """
import sys, time
began = time.monotonic()
from pathlib import Path
import pickle
import tipoff.steps.predict
from tipoff.forecast.bundle import load
from tipoff.forecast.systems.registry import forecast_slate
from tipoff.forecast.versions import FEATURE_NAMES, library_versions
rows = pickle.loads(Path(sys.argv[2]).read_bytes())
data = Path(sys.argv[1]).read_bytes()
bundle = load(data, sys.argv[3], FEATURE_NAMES, library_versions())
assert len({f.system_id for f in forecast_slate(rows, {}, bundle)}) >= 6
print(time.monotonic() - began)
"""


def told(what: str, value: float, unit: str) -> None:
    row: dict[str, Any] = {"what": what, "server": "forecast", "value": round(value, 2), "unit": unit}
    print(json.dumps(row), flush=True)


def seconds(work: Any) -> tuple[float, Any]:
    began = time.monotonic()
    done = work()
    return time.monotonic() - began, done


def cold(data: bytes, digest: str, rows: list[Any]) -> float:
    """Seconds from the start of a fresh interpreter's imports to a slate forecast by a bundle read from bytes."""
    import pickle

    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "bundle.json", Path(folder) / "rows.pickle"]
        files[0].write_bytes(data)
        files[1].write_bytes(pickle.dumps(rows))
        command = [sys.executable, "-c", COLD, *map(str, files), digest]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Measure and tell."""
    table = league(ROWS)
    cache = FoldCache()
    used = time.process_time()
    took, bundle = seconds(partial(fit_bundle, table, BEFORE, cache))
    told("the same, processor time", time.process_time() - used, "s")
    told(f"training on {ROWS} rows, four seasons (gate 60)", took, "s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    told("memory of training (gate 2)", peak, "GiB")
    rows = [feature_row(table, index) for index in range(SLATE)]
    data, digest = bundle.to_bytes(), bundle.digest
    told(f"{SLATE} players, {len(REGISTRY)} systems, cold start (gate 4)", cold(data, digest, rows), "s")
    here = load(data, digest, FEATURE_NAMES, library_versions())
    forecast_slate(rows, {}, here)
    warm, _ = seconds(partial(forecast_slate, rows, {}, here))
    told(f"{SLATE} players, {len(REGISTRY)} systems, warm (gate 2)", warm, "s")
    tested = np.asarray(table.dates >= BEFORE.toordinal())
    start = int(table.dates[tested].min())
    told("one week of the walk: refit and predict", seconds(partial(block, table, tested, cache, start))[0], "s")


if __name__ == "__main__":
    main()
