"""Group commit: documents travel together and fall alone (docs/design.md#appending)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Event
from types import SimpleNamespace
from typing import Any

import pyarrow
import pytest

from tipoff import tables
from tipoff.cloud import append
from tipoff.cloud.append import Appender
from tipoff.cloud.ledger import QuotaLedger
from tipoff.cloud.rows import Part, RowEncoder
from tipoff.core.errors import BackendUnavailable, ContractViolation
from tipoff.runtime.settings import Settings
from tipoff.tables import Table

TABLE = tables.get("backfill_progress_log")
AT = Settings(
    project_id="project-one",
    project_number="1",
    region="r",
    environment="local",
    release="x",
    bigquery_storage_emulator_host="127.0.0.1:1",
)


PLAIN: dict[str, Any] = {
    "STRING": "it's", "INT64": 3, "FLOAT64": 0.5, "BOOL": True, "DATE": date(2025, 1, 15),
    "TIMESTAMP": datetime(2025, 1, 15, 3, 30, tzinfo=UTC),
}  # fmt: skip


def row(mark: str, table: Table = TABLE) -> SimpleNamespace:
    """A row of a table; `mark` tells it from others."""
    values = {c.name: [] if c.mode == "REPEATED" else PLAIN[c.type] for c in table.columns}
    return SimpleNamespace(**(values | {"release": mark}))


def rows(*marks: str, table: Table = TABLE) -> list[Part]:
    """A document of one part."""
    return [Part(table, [row(mark, table) for mark in marks])]


@dataclass
class Wire:
    """Stands where the Storage Write API does: takes appends, or refuses rows by their marks.

    `bad` is refused by its index, `mute` without a word about which row it was.
    """

    gate: Event | None = None
    entered: Event | None = None
    error: Exception | None = None
    failures: int | None = None  # so many calls fail with `error`; None: all

    def __post_init__(self) -> None:
        self.appends: list[list[str]] = []
        self.calls = 0

    def __call__(self, appender: Appender, queue: append._TableQueue, data: bytes) -> dict[int, str]:
        if self.entered is not None:
            self.entered.set()
        if self.gate is not None:
            self.gate.wait(5)
        self.calls += 1
        if self.error is not None and (self.failures is None or self.calls <= self.failures):
            raise self.error
        sent = pyarrow.ipc.read_record_batch(pyarrow.py_buffer(data), queue.encoder.schema)
        marks: list[str] = sent.column("release").to_pylist()
        if "mute" in marks:
            raise ContractViolation("invalid_argument", "something is wrong")
        refused = {index: "refused" for index, mark in enumerate(marks) if mark == "bad"}
        if not refused:
            self.appends.append(marks)
        return refused


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found = Wire()
    monkeypatch.setattr(Appender, "_exchange", lambda self, queue, data: found(self, queue, data))
    return found


def waiting(appender: Appender) -> Sequence[append._Document]:
    """What waits for its turn."""
    return [document for queue in appender._queues.values() for document in queue.waiting]


def test_waiting_documents_share_one_append(wire: Wire) -> None:
    appender = Appender(AT, QuotaLedger())
    wire.gate, wire.entered = Event(), Event()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(appender.append, rows("first"))
        wire.entered.wait(5)
        others = [pool.submit(appender.append, rows(str(n))) for n in range(8)]
        while len(waiting(appender)) < 8:
            pass
        wire.gate.set()
        assert first.result(5) == [None]
        assert [other.result(5) for other in others] == [[None]] * 8
    assert [len(rows) for rows in wire.appends] == [1, 8]


def test_a_refused_document_does_not_affect_the_others(wire: Wire) -> None:
    """One bad team rejected twenty-two (docs/pitfalls.md#16)."""
    appender = Appender(AT, QuotaLedger())
    wire.gate, wire.entered = Event(), Event()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(appender.append, rows("first"))
        wire.entered.wait(5)
        bad = pool.submit(appender.append, rows("x", "bad"))
        good = pool.submit(appender.append, rows("y", "z"))
        while len(waiting(appender)) < 2:
            pass
        wire.gate.set()
        assert (first.result(5), good.result(5)) == ([None], [None])
        assert [type(error) for error in bad.result(5)] == [ContractViolation]
    assert wire.appends == [["first"], ["y", "z"]]


def test_a_refusal_without_a_row_is_narrowed_down_to_its_document(wire: Wire) -> None:
    parts = [part for mark in ("1", "2", "mute", "4", "5") for part in rows(mark, f"{mark} again")]
    ends = Appender(AT, QuotaLedger()).append(parts)
    assert [type(end) for end in ends] == [type(None), type(None), ContractViolation, type(None), type(None)]
    assert sorted(mark for marks in wire.appends for mark in marks if "again" not in mark) == ["1", "2", "4", "5"]


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("total", "many", "int64"),
        ("release", None, "release is required"),
        ("updated_at", datetime(2025, 1, 15), "updated_at"),  # noqa: DTZ001 - an instant of nobody knows where
    ],
)
def test_a_value_of_another_type_fails_its_document_alone(wire: Wire, column: str, value: object, told: str) -> None:
    wrong = row("wrong")
    setattr(wrong, column, value)
    [good, bad] = Appender(AT, QuotaLedger()).append([*rows("good"), Part(TABLE, [row("before"), wrong])])
    assert good is None and isinstance(bad, ContractViolation) and bad.code == "row_refused"
    assert told in bad.message and TABLE.full_name in bad.message
    assert wire.appends == [["good"]]


@pytest.mark.parametrize(
    "table",
    [table for table in tables.all_tables() if table.kind in ("log", "landing")],
    ids=lambda table: table.full_name,
)
def test_fields_are_sent_as_documented(table: Table) -> None:
    """A repeated field has no NULL. No rule is documented for the field of a REQUIRED column: it stays nullable."""
    fields = {found.name: found.nullable for found in RowEncoder(table).schema}
    assert fields == {column.name: column.mode != "REPEATED" for column in table.columns}


def test_constants_stand_on_every_row_of_their_part(wire: Wire) -> None:
    found: list[object] = []

    def bare(mark: str) -> SimpleNamespace:
        one = row(mark)
        del one.total
        return one

    parts = [Part(TABLE, [bare("1"), bare("2")], {"total": 7}), Part(TABLE, [bare("3")], {"total": 8})]
    appender = Appender(AT, QuotaLedger())
    batch = appender._queue_of(parts[0]).encoder.encode(parts)
    found += zip(batch.column("release").to_pylist(), batch.column("total").to_pylist(), strict=True)
    assert found == [("1", 7), ("2", 7), ("3", 8)]


def test_no_append_is_larger_than_the_limit(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append, "BATCH_ROWS", 2)
    group = [append._Document(part, None) for marks in ("1", "12", "1", "123") for part in rows(*marks)]
    assert [[document.row_count for document in batch] for batch in append._batches(group)] == [[1], [2], [1], [3]]

    monkeypatch.setattr(append, "APPEND_BYTES_MAX", 4_000)
    [large, good, other] = Appender(AT, QuotaLedger()).append([*rows("x" * 5_000), *rows("1"), *rows("2")])
    assert isinstance(large, ContractViolation) and large.code == "too_large"
    assert (good, other, sorted(wire.appends)) == (None, None, [["1"], ["2"]])


def test_an_append_is_tried_once_more_on_a_fresh_stream(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that had been idle failed the first documents after a pause."""
    dropped: list[str] = []
    monkeypatch.setattr(Appender, "_drop_stream", lambda self, queue: dropped.append(queue.encoder.table.name))
    wire.error, wire.failures = ConnectionError("idle for too long"), 1
    assert Appender(AT, QuotaLedger()).append(rows("1")) == [None]
    assert (wire.appends, wire.calls, dropped) == ([["1"]], 2, [TABLE.name])


def test_an_outage_fails_the_document_and_the_next_append_works(wire: Wire) -> None:
    appender = Appender(AT, QuotaLedger())
    wire.error = ConnectionError("away")
    assert [type(error) for error in appender.append(rows("1"))] == [BackendUnavailable]
    wire.error = None
    assert appender.append(rows("1")) == [None]


def test_the_parts_of_a_call_are_appended_together_each_to_its_table(wire: Wire) -> None:
    other = tables.get("run_history_log")
    parts = [*rows("1"), *rows("2", table=other), Part(TABLE, []), *rows("3", "4")]
    assert Appender(AT, QuotaLedger()).append(parts) == [None] * 4
    assert sorted(wire.appends) == [["1", "3", "4"], ["2"]]


def test_an_append_without_an_answer_is_not_counted_as_done(wire: Wire) -> None:
    """A bug in one sender's thread must not let those who waited beside it believe that their rows are in."""
    appender = Appender(AT, QuotaLedger())
    wire.gate, wire.entered, wire.error = Event(), Event(), RuntimeError("a bug")
    with ThreadPoolExecutor(3) as pool:
        pool.submit(appender.append, rows("first"))
        wire.entered.wait(5)
        others = [pool.submit(appender.append, rows(str(n))) for n in range(2)]
        while len(waiting(appender)) < 2:
            pass
        wire.gate.set()
        assert [type(other.exception(5)) for other in others] == [RuntimeError, RuntimeError]


def test_only_committed_rows_are_counted(wire: Wire) -> None:
    ledger = QuotaLedger()
    Appender(AT, ledger).append(rows("1", "2"))
    assert (ledger.appends[TABLE.full_name], ledger.appended_rows[TABLE.full_name]) == (1, 2)
    assert not ledger.load_jobs and not ledger.dml_statements


def test_a_single_caller_does_not_wait_and_others_wait_by_their_number(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    # Replace the module's own name only: other threads of this process sleep too.
    monkeypatch.setattr(append, "time", SimpleNamespace(sleep=slept.append))
    appender = Appender(AT, QuotaLedger())
    appender.append(rows("alone"))
    assert not slept

    wire.gate, wire.entered = Event(), Event()
    other = tables.get("run_history_log")
    with ThreadPoolExecutor(2) as pool:
        pool.submit(appender.append, rows("first"))
        wire.entered.wait(5)
        second = pool.submit(appender.append, rows("of another table", table=other))
        while not slept:
            pass
        wire.gate.set()
        assert second.result(5) == [None]
    assert slept == [2 * append.GATHER_S_PER_CALLER]

    appender._callers = 10_000
    appender.append(rows("in a crowd"))
    assert slept[-1] == append.GATHER_S_MAX
