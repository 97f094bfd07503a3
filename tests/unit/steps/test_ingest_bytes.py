"""250 requests at once, 40 of them for large objects, hold a bounded number of bytes (they killed `ingest` before)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Lock, local
from unittest.mock import Mock

import pytest

from tipoff.cloud.downloads import ObjectBytes
from tipoff.core.messages import ObjectFinalized
from tipoff.runtime.bytes_in_flight import BytesInFlight
from tipoff.runtime.settings import IngestSettings
from tipoff.steps import ingest
from tipoff.steps.ingest import OBJECT_BYTES_MAX, STORED_BYTES_MAX, WAIT_S, ingest_object
from tipoff.steps.wiring import Wiring

BOX = "nba-com/boxscores/2023-10-25/00223{:05}/20231026T040700Z.json"
LARGE, SMALL = b" " * (30 * 2**10), b"{}"


class Requests:
    """Stands for the bucket and the logs: how many bytes all requests hold between the two."""

    def __init__(self) -> None:
        self.held_bytes = self.most_bytes = self.ended = 0
        self._lock, self._mine = Lock(), local()

    def read(self, bucket: str, name: str, generation: int) -> ObjectBytes:
        body = LARGE if generation <= 40 else SMALL
        self._mine.size_bytes = len(body)
        with self._lock:
            self.held_bytes += len(body)
            self.most_bytes = max(self.most_bytes, self.held_bytes)
        return ObjectBytes(name, generation, None, body)

    def objects(self, receipts: object) -> None:
        with self._lock:
            self.held_bytes -= self._mine.size_bytes
            self.ended += 1


@pytest.mark.parametrize("stated", [True, False], ids=["size stated", "no size"])
def test_250_requests_with_40_large_objects_hold_few_of_them_at_once(
    monkeypatch: pytest.MonkeyPatch, stated: bool
) -> None:
    """A thousandth of the real sizes; tests/integration/test_ingest_memory.py measures those."""
    monkeypatch.setattr(ingest, "_STORED", BytesInFlight(STORED_BYTES_MAX // 1024, WAIT_S))
    monkeypatch.setattr(ingest, "OBJECT_BYTES_MAX", OBJECT_BYTES_MAX // 1024)
    requests = Requests()
    context = Wiring[IngestSettings](Mock(), lambda: datetime(2024, 11, 1, tzinfo=UTC))
    vars(context).update(
        store=Mock(read=requests.read), ops=Mock(objects=requests.objects), topics=Mock(),
        warehouse=Mock(append_parts=lambda parts: [None] * len(parts)),
    )  # fmt: skip

    def one(number: int) -> None:
        size_bytes = len(LARGE) if number <= 40 else len(SMALL)
        ingest_object(context, ObjectFinalized("landing", BOX.format(number), number), size_bytes if stated else 0)

    with ThreadPoolExecutor(250) as pool:
        list(pool.map(one, range(1, 251)))
    assert requests.ended == 250
    assert len(LARGE) <= requests.most_bytes <= STORED_BYTES_MAX // 1024
