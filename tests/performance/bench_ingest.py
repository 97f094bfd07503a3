"""Objects per second through the event path and by reprocess: `python tests/performance/bench_ingest.py [ZIP]`.

2,000 documents (of a landing zip, else of a simulated league) go upload -> finalize -> push -> function -> committed
rows; then the same objects once more through `POST /replay`. No assertion: figures only, with the load of the
machine beside them.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops import documents
from tipoff_ops.build import find_project
from tipoff_ops.ingest import Intake, intake_mesh
from tipoff_ops.landing import Upload
from tipoff_ops.local import LocalMesh
from tipoff_ops.people import call_function
from tipoff_sim import SMALL, League

OBJECTS = int(os.environ.get("TIPOFF_BENCH_OBJECTS", "2000"))
ALL_DATES = {"start_date": "2000-01-01", "end_date": "2100-01-01", "force": True}
LATENCY_SQL = """
SELECT COUNT(*) AS objects, SUM(r.rows_out) AS row_count,
  TIMESTAMP_DIFF(MAX(r.committed_at), MIN(r.received_at), MILLISECOND) AS span_ms
FROM nba_ops.object_receipts AS r
"""


class _Span(msgspec.Struct, frozen=True):
    objects: int
    row_count: int
    span_ms: int


def main(source: Path | None) -> dict[str, object]:
    """Measure; objects/s over the wall time from the first upload to the last committed receipt."""
    uploads = list(islice(_documents(source), OBJECTS))
    with tempfile.TemporaryDirectory() as folder:
        mesh = intake_mesh(find_project(), Path(folder) / "cloud")
        mesh.start()
        try:
            return _measure(mesh, uploads)
        finally:
            mesh.stop()


def _measure(mesh: LocalMesh, uploads: list[Upload]) -> dict[str, object]:
    intake = Intake(mesh)
    warehouse = Warehouse(mesh.settings, [])
    load = os.getloadavg()[0]
    began = time.perf_counter()
    landed = intake.send(uploads, lambda _: None)
    event_path_s = time.perf_counter() - began
    span = warehouse.rows(LATENCY_SQL, {}, _Span)[0]
    unaccounted = intake.report(landed, datetime.now(UTC).date()).unaccounted
    began = time.perf_counter()
    answer = call_function(mesh, "reprocess", "/replay", ALL_DATES)
    reprocess_s = time.perf_counter() - began
    return {
        "objects": span.objects,
        "rows": span.row_count,
        "unaccounted": unaccounted,
        "event_path_objects_per_s": round(len(uploads) / event_path_s, 1),
        "first_received_to_last_committed_s": span.span_ms / 1000,
        "reprocess_objects_per_s": round(len(uploads) / reprocess_s, 1),
        "reprocess_answer": answer,
        "load_before": load,
    }


def _documents(source: Path | None) -> Iterable[Upload]:
    if source is not None:
        return documents.documents(source)
    season = League(7).season(date(2024, 10, 22), 100, SMALL)
    return (Upload(found.object_name, found.body) for found in season)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)))
