"""How fast documents become committed rows: `python tests/performance/bench_ingest.py [PART ...]`, JSON lines.

    event_path   2,000 objects, upload -> finalize -> push -> function -> committed rows, as fast as they go
    threads      250 objects through the whole mesh: with THREADS, and with functions-framework's four for a processor
    reprocess    the same objects once more, by `POST /replay` (lands them first)
    latency      20 objects a second for half a minute: from the start of the upload to the committed receipt
    season       every document of the season 2024-25, from the zip to the last receipt

Documents are those of the corpus (TIPOFF_CORPUS, or beside the checkout), else of a simulated league; each part has a
local cloud of its own. No assertion: figures only, with processor seconds and the machine's load beside them.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import msgspec

from tipoff import sources
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.storage import storage_client
from tipoff_local.host import HostedFunction
from tipoff_local.mesh import Names
from tipoff_ops.build import find_project
from tipoff_ops.intake.documents import read_documents
from tipoff_ops.intake.send import Intake, intake_mesh
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.function_call import call_function
from tipoff_ops.local.upload import DELIVERY_TIMEOUT_S, DeliveryTimeout, Upload, Uploader
from tipoff_sim import SMALL, League

OBJECTS = int(os.environ.get("TIPOFF_BENCH_OBJECTS", "2000"))
CORPUS = Path(os.environ.get("TIPOFF_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
SEASON = CORPUS / "landing-2024-25.zip"
RATE, SECONDS, WARM_UP = 20, 30, 40
ALL_DATES = {"start_date": "2000-01-01", "end_date": "2100-01-01", "force": True}
ODDS = {"prefix": "odds-api/", "force": True}
RECEIPTS = "SELECT r.source_object, r.committed_at, r.rows_out FROM nba_ops.object_receipts AS r"

type Row = dict[str, object]


class _Receipt(msgspec.Struct, frozen=True):
    source_object: str
    committed_at: datetime
    rows_out: int


def event_path() -> Iterator[Row]:
    """Objects/s from the first upload to the last committed receipt."""
    with fresh_mesh() as mesh:
        yield from _landed(mesh, list(islice(_documents(), OBJECTS)), "event path")


@dataclass
class FourThreads(LocalMesh):
    """A mesh whose functions lack THREADS, on instances of one processor."""

    def _hosted(self, names: Names, key: str) -> HostedFunction:
        hosted = super()._hosted(names, key)
        return msgspec.structs.replace(hosted, env=hosted.env | {"THREADS": "4"})


def threads() -> Iterator[Row]:
    """Objects/s until the last message of the whole mesh is acknowledged."""
    for what, kind in (("THREADS=concurrency", LocalMesh), ("THREADS=4", FourThreads)):
        with tempfile.TemporaryDirectory() as folder:
            mesh = kind(find_project(), Path(folder) / "cloud", warehouse_threads=1)
            try:
                mesh.start()
                yield from _through_whole_mesh(mesh, list(islice(_documents(), 250)), f"whole mesh, {what}")
            finally:
                mesh.stop()


def _through_whole_mesh(mesh: LocalMesh, uploads: list[Upload], what: str) -> Iterator[Row]:
    began = time.perf_counter()
    try:
        Intake(mesh).send(uploads, lambda _: None)
        yield row(what, len(uploads) / (time.perf_counter() - began), "objects/s")
    except DeliveryTimeout as error:
        yield {"what": what, "server": "tipoff_local", "value": None, "unit": f"{error} after {DELIVERY_TIMEOUT_S} s"}


def reprocess() -> Iterator[Row]:
    """Objects/s of `POST /replay` over what is in: all of it, then odds alone, which hold no play-by-play.

    Beside them, in the same minute, what one thread parses when nothing else is done: the measure of the machine.
    """
    uploads = list(islice(_documents(), OBJECTS))
    with fresh_mesh() as mesh:
        Intake(mesh).send(uploads, lambda _: None)
        for what, request in (("reprocess", ALL_DATES), ("reprocess: odds alone", ODDS)):
            began = time.perf_counter()
            account = call_function(mesh, "reprocess", "/replay", request)
            yield row(what, account["loaded"] / (time.perf_counter() - began), "objects/s")
        began = time.perf_counter()
        for one in uploads:
            sources.read(one.object_name, one.body, None, datetime.now(UTC))
        yield row("reprocess: parsed by one thread alone", len(uploads) / (time.perf_counter() - began), "objects/s")


def latency() -> Iterator[Row]:
    """p50 and p95, in seconds, of objects that come at a steady rate."""
    uploads = list(islice(_documents(), RATE * SECONDS + WARM_UP))
    with fresh_mesh() as mesh:
        Intake(mesh).send(uploads[:WARM_UP], lambda _: None)
        started = _at_a_steady_rate(mesh, uploads[WARM_UP:])
        Uploader(mesh).wait()
        committed = {found.source_object: found.committed_at for found in _receipts(mesh)}
    waited = sorted((committed[name] - at).total_seconds() for name, at in started.items())
    for share in (0.5, 0.95):
        what = f"upload to committed at {RATE} objects/s, p{share * 100:.0f}"
        yield row(what, waited[int(share * (len(waited) - 1))], "s")


def season() -> Iterator[Row]:
    """Seconds for the whole season 2024-25 from the zip."""
    if not SEASON.is_file():
        yield {"what": "season 2024-25 from the zip", "server": "-", "value": None, "unit": "the corpus is not here"}
        return
    with fresh_mesh() as mesh:
        yield from _landed(mesh, read_documents(SEASON), "season 2024-25 from the zip")


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "event_path": event_path,
    "threads": threads,
    "reprocess": reprocess,
    "latency": latency,
    "season": season,
}


def row(what: str, value: float, unit: str) -> Row:
    """One figure."""
    return {"what": what, "server": "tipoff_local", "value": round(value, 3), "unit": unit}


@contextmanager
def fresh_mesh() -> Iterator[LocalMesh]:
    """A local cloud that takes documents in, for one part."""
    with tempfile.TemporaryDirectory() as folder:
        mesh = intake_mesh(find_project(), Path(folder) / "cloud")
        mesh.start()
        try:
            yield mesh
        finally:
            mesh.stop()


def _landed(mesh: LocalMesh, uploads: Iterable[Upload], what: str) -> Iterator[Row]:
    intake = Intake(mesh)
    began = time.perf_counter()
    landed = intake.send(uploads, lambda _: None)
    seconds = time.perf_counter() - began
    unaccounted = intake.report(landed, datetime.now(UTC).date()).unaccounted
    rows = sum(found.rows_out for found in _receipts(mesh))
    yield row(what, len(landed) / seconds, "objects/s")
    yield row(f"{what}: time", seconds, "s")
    yield row(f"{what}: rows", rows / seconds, "rows/s")
    yield row(f"{what}: unaccounted", unaccounted, f"of {len(landed)} objects")


def _at_a_steady_rate(mesh: LocalMesh, uploads: list[Upload]) -> dict[str, datetime]:
    """Start an upload every 1/RATE seconds, whatever became of those before; when each was started."""
    bucket = storage_client(mesh.settings).bucket(mesh.names.buckets["landing"])
    started: dict[str, datetime] = {}

    def upload(one: Upload) -> None:
        bucket.blob(one.object_name).upload_from_string(one.body, content_type=one.content_type)

    first = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        for number, one in enumerate(uploads):
            time.sleep(max(0.0, first + number / RATE - time.perf_counter()))
            started[one.object_name] = datetime.now(UTC)
            pool.submit(upload, one)
    return started


def _receipts(mesh: LocalMesh) -> list[_Receipt]:
    return Warehouse(mesh.settings, []).rows(RECEIPTS, {}, _Receipt)


def _documents() -> Iterable[Upload]:
    if SEASON.is_file():
        return read_documents(SEASON)
    league = League(7).season(date(2024, 10, 22), 100, SMALL)
    return (Upload(found.object_name, found.body) for found in league)


def main(parts: list[str]) -> None:
    """Print each part's rows as they come."""
    for name in parts or list(PARTS):
        before = os.times()
        for found in PARTS[name]():
            print(json.dumps(found | {"load": os.getloadavg()[0]}), flush=True)
        after = os.times()
        used = sum(after[:4]) - sum(before[:4])
        print(json.dumps(row(f"{name}: processor time, start of the cloud included", used, "s")), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
