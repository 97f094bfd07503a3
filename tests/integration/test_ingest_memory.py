"""`ingest` stays below its memory limit with as many requests as Cloud Run sends, many of them large."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tipoff_local.http1 import Client
from tipoff_local.mesh import ResolvedFunction
from tipoff_ops.build import find_project
from tipoff_ops.intake.send import Intake, IntakeMesh
from tipoff_ops.local.upload import Upload, UploadedObject

REQUESTS, LARGE, LARGE_BYTES, PRICES = 250, 40, 30 * 2**20, 110_000
BOX = "nba-com/boxscores/2023-10-25/00223{:05}/20231026T040700Z.json"
PROPS = "odds-api/player-props/2024-03-09/c7459db77d25feffd478ae5ed85a8{:03}-UTADEN/20240309T152901Z.json"
HEAD = (
    b'{"id":"c7459db77d25feffd478ae5ed85a8%03d","sport_key":"basketball_nba","commence_time":"2024-03-10T02:00:00Z",'
    b'"home_team":"Denver Nuggets","away_team":"Utah Jazz","bookmakers":[{"key":"x","markets":[{"key":"player_points",'
    b'"outcomes":['
)
OUTCOME = b'{"name":"Over","description":"Player %06d","price":-110,"point":20.5}'
UNITS = {"Mi": 2**20, "Gi": 2**30}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_250_requests_with_40_objects_of_30_megabytes_stay_below_the_limit(tmp_path: Path) -> None:
    """40 such objects killed `ingest` three times."""
    mesh = IntakeMesh(find_project(), tmp_path)
    try:
        mesh.start()
        intake = Intake(mesh)
        sent = intake.send(documents(), lambda _: None)
        with ThreadPoolExecutor(REQUESTS) as pool:
            answers = list(pool.map(lambda one: push(mesh, one), sent))
        outcomes = intake.report(sent, datetime.now(UTC).date()).outcomes()
        peak_bytes, log = peak(mesh.host.pids["ingest"]), mesh.host.log(mesh.names.functions["ingest"].service)
    finally:
        mesh.stop()
    ingest = mesh.names.functions["ingest"]
    print(f"peak {peak_bytes / 2**20:.0f} MiB of {ingest.declared.memory}; {outcomes}; answers {set(answers)}")
    assert "restarting" not in log
    assert peak_bytes < limit_bytes(ingest)
    assert set(answers) <= {204, 429} and outcomes["unaccounted"] == 0


def documents() -> Iterator[Upload]:
    """Large documents that a parser reads to the end or almost, among small ones."""
    for number in range(REQUESTS):
        if number % 6 or number // 6 >= LARGE:
            yield Upload(BOX.format(number), b'{"game": {}}')
        elif number % 4:
            yield Upload(PROPS.format(number), props(number))
        else:
            yield Upload(BOX.format(number), b"[" + b"{}," * ((LARGE_BYTES - 4) // 3) + b"{}]")


def props(number: int) -> bytes:
    """A valid document of so many prices as a document may have, with blanks between them."""
    blanks = b" " * (LARGE_BYTES // PRICES - len(OUTCOME % 0) - 1)
    return HEAD % number + b",".join(OUTCOME % player + blanks for player in range(PRICES)) + b"]}]}]}"


def push(mesh: IntakeMesh, sent: UploadedObject) -> int:
    """Deliver an object once more, as Pub/Sub does, with all others; the status."""
    ingest, subscription = mesh.names.functions["ingest"], mesh.names.subscriptions["ingest"]
    attributes = {
        "eventType": "OBJECT_FINALIZE", "bucketId": mesh.names.buckets["landing"], "objectId": sent.object_name,
        "objectGeneration": str(sent.generation),
    }  # fmt: skip
    data = base64.b64encode(msgspec.json.encode({"size": str(sent.size_bytes)})).decode()
    message = {"messageId": "1", "attributes": attributes, "data": data}
    body = msgspec.json.encode({"message": message, "subscription": subscription.name})
    headers = mesh.identity.authorization(ingest.url, str(subscription.push_email))
    return Client(mesh.host.url, 300.0).request("POST", f"/{ingest.service}", headers, body).status


def peak(pid: int) -> int:
    """The largest resident memory of a process so far, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def limit_bytes(function: ResolvedFunction) -> int:
    memory = function.declared.memory
    return int(memory[:-2]) * UNITS[memory[-2:]]
