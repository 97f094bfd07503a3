"""Group commit: documents travel together and fall alone (DESIGN section 6, 'Appending')."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import pytest

from tipoff import tables
from tipoff.cloud import append
from tipoff.cloud.append import Appender, Part
from tipoff.cloud.ledger import QuotaLedger
from tipoff.core.errors import BackendUnavailable, ContractViolation
from tipoff.runtime.settings import Settings

TABLE = tables.get("backfill_progress_log")
AT = Settings(
    project_id="project-one",
    project_number="1",
    region="r",
    environment="local",
    release="x",
    bigquery_storage_emulator_host="127.0.0.1:1",
)


@dataclass
class Wire:
    """Stands where the Storage Write API does: takes appends, or refuses rows by their bytes."""

    bad: bytes = b"\xff"
    gate: Event | None = None
    entered: Event | None = None
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.appends: list[list[bytes]] = []

    def __call__(self, appender: Appender, lane: object, rows: list[bytes]) -> dict[int, str]:
        if self.entered is not None:
            self.entered.set()
        if self.gate is not None:
            self.gate.wait(5)
        if self.error is not None:
            raise self.error
        refused = {index: "refused" for index, row in enumerate(rows) if row == self.bad}
        if not refused:
            self.appends.append(rows)
        return refused


def rows(data: list[bytes]) -> list[Part]:
    """A document of one part."""
    return [Part(TABLE, data)]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found = Wire()
    monkeypatch.setattr(Appender, "_exchange", lambda self, lane, rows: found(self, lane, rows))
    monkeypatch.setattr(append.RowEncoder, "encode", lambda self, rows, constants: list(rows))
    return found


def test_those_who_wait_travel_in_one_append(wire: Wire) -> None:
    appender = Appender(AT, QuotaLedger())
    wire.gate, wire.entered = Event(), Event()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(appender.append, rows([b"first"]))
        wire.entered.wait(5)
        others = [pool.submit(appender.append, rows([b"%d" % n])) for n in range(8)]
        while len(appender._lanes[TABLE.full_name].waiting) < 8:
            pass
        wire.gate.set()
        assert first.result(5) == [None]
        assert [other.result(5) for other in others] == [[None]] * 8
    assert [len(rows) for rows in wire.appends] == [1, 8]


def test_a_refused_document_does_not_harm_its_neighbours(wire: Wire) -> None:
    """Pitfall 16: one bad team rejected twenty-two."""
    appender = Appender(AT, QuotaLedger())
    wire.gate, wire.entered = Event(), Event()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(appender.append, rows([b"first"]))
        wire.entered.wait(5)
        bad = pool.submit(appender.append, rows([b"x", wire.bad]))
        good = pool.submit(appender.append, rows([b"y", b"z"]))
        while len(appender._lanes[TABLE.full_name].waiting) < 2:
            pass
        wire.gate.set()
        assert (first.result(5), good.result(5)) == ([None], [None])
        assert [type(error) for error in bad.result(5)] == [ContractViolation]
    assert wire.appends == [[b"first"], [b"y", b"z"]]


def test_no_append_is_larger_than_the_limit(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append, "APPEND_BYTES_MAX", 10)
    group = [append._Document([b"1234"]), append._Document([b"123456"]), append._Document([b"1"])]
    assert [[document.size_bytes for document in batch] for batch in append._batches(group)] == [[4, 6], [1]]
    [refusal, good] = Appender(AT, QuotaLedger()).append([*rows([b"12345678901"]), *rows([b"1"])])
    assert isinstance(refusal, ContractViolation) and refusal.code == "too_large"
    assert (good, wire.appends) == (None, [[b"1"]])


def test_an_outage_fails_the_document_and_the_next_append_works(wire: Wire) -> None:
    appender = Appender(AT, QuotaLedger())
    wire.error = ConnectionError("away")
    assert [type(error) for error in appender.append(rows([b"1"]))] == [BackendUnavailable]
    wire.error = None
    assert appender.append(rows([b"1"])) == [None]


def test_the_parts_of_a_call_travel_together_each_to_its_table(wire: Wire) -> None:
    other = tables.get("run_history_log")
    parts = [Part(TABLE, [b"1"]), Part(other, [b"2"]), Part(TABLE, []), Part(TABLE, [b"3", b"4"])]
    assert Appender(AT, QuotaLedger()).append(parts) == [None] * 4
    assert sorted(wire.appends) == [[b"1", b"3", b"4"], [b"2"]]


def test_an_append_that_ends_without_an_answer_is_not_taken_for_done(wire: Wire) -> None:
    """A bug in one sender's thread must not let those who waited beside it believe that their rows are in."""
    appender = Appender(AT, QuotaLedger())
    wire.gate, wire.entered, wire.error = Event(), Event(), RuntimeError("a bug")
    with ThreadPoolExecutor(3) as pool:
        pool.submit(appender.append, rows([b"first"]))
        wire.entered.wait(5)
        others = [pool.submit(appender.append, rows([b"%d" % n])) for n in range(2)]
        while len(appender._lanes[TABLE.full_name].waiting) < 2:
            pass
        wire.gate.set()
        ends = [other.exception(5) or other.result()[0] for other in others]
    assert sorted(type(end).__name__ for end in ends) == ["BackendUnavailable", "RuntimeError"]


def test_only_committed_rows_are_counted(wire: Wire) -> None:
    ledger = QuotaLedger()
    Appender(AT, ledger).append(rows([b"1", b"2"]))
    assert (ledger.appends[TABLE.full_name], ledger.appended_rows[TABLE.full_name]) == (1, 2)
    assert not ledger.load_jobs and not ledger.dml_statements


def test_who_is_alone_never_waits_for_others_rows_and_who_is_not_waits_by_their_number(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tipoff.cloud.append.time.sleep", slept.append)
    appender = Appender(AT, QuotaLedger())
    appender.append(rows([b"alone"]))
    assert not slept

    wire.gate, wire.entered = Event(), Event()
    other = tables.get("run_history_log")
    with ThreadPoolExecutor(2) as pool:
        pool.submit(appender.append, rows([b"first"]))
        wire.entered.wait(5)
        second = pool.submit(appender.append, [Part(other, [b"of another table"])])
        while not slept:
            pass
        wire.gate.set()
        assert second.result(5) == [None]
    assert slept == [2 * append.GATHER_S_PER_CALLER]

    appender._callers = 10_000
    appender.append(rows([b"in a crowd"]))
    assert slept[-1] == append.GATHER_S_MAX
