"""Appends to the warehouse by the Storage Write API's default stream, with group commit.

Concurrent requests of one process share one append per table. All rows of a document are in one append. A refused
document does not affect the other documents of its append.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.bigquery_storage import bigquery_write_client
from tipoff.cloud.errors import translate, translated
from tipoff.cloud.failpoints import around
from tipoff.cloud.ledger import QuotaLedger
from tipoff.cloud.rows import Part, RowEncoder
from tipoff.core.errors import BackendUnavailable, ContractViolation, TipoffError
from tipoff.tables import Table

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud.bigquery_storage_v1.writer import AppendRowsStream

APPEND_BYTES_MAX = 8_000_000
BATCH_ROWS = 20_000
APPEND_TIMEOUT_S = 50.0  # two attempts end before the request that waits for them
# An append of one row costs the warehouse as much as one of a hundred. With more callers, a longer wait for their rows
# pays.
GATHER_S_PER_CALLER = 0.003
GATHER_S_MAX = 1.5


@dataclass
class _Document:
    """A part to append and, after sending, the error that refused it."""

    part: Part
    error: TipoffError | None = None

    @property
    def row_count(self) -> int:
        """Number of rows, which are appended all or not at all."""
        return len(self.part.rows)


@dataclass(eq=False)
class _TableQueue:
    """Documents that wait for an append to one table.

    One thread sends, and all waiting callers share its future. With a lock, each thread would acquire it only to find
    that its rows are sent. Two hundred threads spent more time on that than on appending.

    Attributes:
        sending: the next append, which sends all waiting documents; None while nothing waits.
    """

    encoder: RowEncoder
    waiting: list[_Document] = field(default_factory=list)
    sending: Future[None] | None = None
    queue_lock: Lock = field(default_factory=Lock)
    sender: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "append"))
    stream: "AppendRowsStream | None" = None


class Appender:
    """Appends rows to tables of one project. Threads may share it."""

    def __init__(self, at: Endpoints, ledger: QuotaLedger) -> None:
        self._client = bigquery_write_client(at)
        self._project = at.project_id
        self._ledger = ledger
        self._queues: dict[tuple[str, frozenset[str]], _TableQueue] = {}
        self._lanes_lock = Lock()
        # One encoder at a time: concurrent encoding contends for the interpreter, and took an eighth more time.
        self._encoding = Lock()
        self._callers = 0
        self._callers_lock = Lock()

    def append(self, parts: Sequence[Part]) -> list[TipoffError | None]:
        """Append parts, each completely or not at all. Returns each part's error, or None if its rows are committed.

        The appends of different tables run in parallel. A `ContractViolation` means that a row does not fit its table
        or that a part exceeds the limit of an append. After a `Retryable` the state of the part is unknown, and a
        repeat is harmless.
        """
        documents = [_Document(part) for part in parts]
        with self._counted():
            sendings = [self._enqueue(queue, found) for queue, found in self._by_queue(documents).items()]
            wait(sendings)
        for sending in sendings:
            sending.result()  # a bug in the sending thread fails every caller whose rows it sends
        return [document.error for document in documents]

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._callers_lock:
            self._callers += 1
        try:
            yield
        finally:
            with self._callers_lock:
                self._callers -= 1

    def close(self) -> None:
        """Close every stream."""
        for queue in self._queues.values():
            queue.sender.shutdown()
            self._drop_stream(queue)

    def _queue_of(self, part: Part) -> _TableQueue:
        key = (part.table.full_name, frozenset(part.constants))
        with self._lanes_lock:
            if key not in self._queues:
                self._queues[key] = _TableQueue(RowEncoder(part.table, part.constants))
            return self._queues[key]

    def _by_queue(self, documents: Sequence[_Document]) -> dict[_TableQueue, list[_Document]]:
        found: dict[_TableQueue, list[_Document]] = defaultdict(list)
        for document in documents:
            if document.row_count:
                found[self._queue_of(document.part)].append(document)
        return found

    def _enqueue(self, queue: _TableQueue, documents: Sequence[_Document]) -> Future[None]:
        """The future of the append that sends these documents."""
        with queue.queue_lock:
            queue.waiting += documents
            if queue.sending is None:
                queue.sending = queue.sender.submit(self._send_waiting, queue)
            return queue.sending

    def _send_waiting(self, queue: _TableQueue) -> None:
        """Send the waiting documents. With several callers, wait for more rows first; a single caller never waits."""
        if self._callers > 1:
            time.sleep(min(GATHER_S_PER_CALLER * self._callers, GATHER_S_MAX))
        with queue.queue_lock:
            group, queue.waiting, queue.sending = queue.waiting, [], None
        for batch in _batches(group):
            self._send(queue, batch)

    def _send(self, queue: _TableQueue, batch: list[_Document]) -> None:
        """Send documents in one append. If it is refused as a whole, send halves until the faulty document is found."""
        try:
            refused = self._append_once(queue, [document.part for document in batch])
        except ContractViolation as error:
            if len(batch) == 1:
                _finish(batch, error)
                return
            middle = len(batch) // 2
            self._send(queue, batch[:middle])
            self._send(queue, batch[middle:])
        except TipoffError as error:
            self._drop_stream(queue)
            _finish(batch, error)
        else:
            self._finish_all_but(queue, batch, refused)

    def _finish_all_but(self, queue: _TableQueue, batch: list[_Document], refused: dict[int, str]) -> None:
        """Fail each document with a refused row, and send the others again, which were not appended either."""
        good: list[_Document] = []
        first = 0
        for document in batch:
            why = [text for index, text in refused.items() if first <= index < first + document.row_count]
            first += document.row_count
            if why:
                name = queue.encoder.table.full_name
                _finish([document], ContractViolation("row_refused", f"{name}: {why[0]}"))
            else:
                good.append(document)
        if refused and good:
            self._send(queue, good)
        else:
            _finish(good, None)

    def _append_once(self, queue: _TableQueue, parts: Sequence[Part]) -> dict[int, str]:
        """Send one append. Returns the service's reasons by index of the refused row."""
        name = queue.encoder.table.full_name
        with self._encoding:
            rows = queue.encoder.encode(parts)
            data = rows.serialize().to_pybytes()
        if len(data) > APPEND_BYTES_MAX:
            raise ContractViolation("too_large", f"{name}: an append of {len(data)} bytes")
        try:
            response = self._attempt(queue, data)
        except BackendUnavailable:
            # A connection that was idle, or whose instance had no processor between two requests, may be closed. A
            # repeat is harmless: https://cloud.google.com/bigquery/docs/write-api-best-practices
            self._drop_stream(queue)
            response = self._attempt(queue, data)
        if not response:
            self._ledger.count_append(name, rows.num_rows, len(data))
        return response

    def _attempt(self, queue: _TableQueue, data: bytes) -> dict[int, str]:
        with translated(f"append to {queue.encoder.table.full_name}"):
            return self._exchange(queue, data)

    def _exchange(self, queue: _TableQueue, data: bytes) -> dict[int, str]:
        from google.api_core.exceptions import InvalidArgument
        from google.cloud.bigquery_storage_v1 import types
        from google.cloud.bigquery_storage_v1.exceptions import StreamClosedError

        if queue.stream is None:
            queue.stream = self._open(queue)
        request = types.AppendRowsRequest()
        request.arrow_rows.rows.serialized_record_batch = data
        try:
            with around("bigquery.append"):
                queue.stream.send(request).result(timeout=APPEND_TIMEOUT_S, polling=_polling())
        except StreamClosedError as error:
            raise translate(error, f"append to {queue.encoder.table.full_name}") from error
        except InvalidArgument as error:
            refused = {e.index: e.message for e in getattr(error.response, "row_errors", ())}
            self._drop_stream(queue)
            if not refused:
                raise ContractViolation("row_refused", f"{queue.encoder.table.full_name}: {error}") from error
            return refused
        return {}

    def _open(self, queue: _TableQueue) -> "AppendRowsStream":
        from google.cloud.bigquery_storage_v1 import types, writer

        template = types.AppendRowsRequest(write_stream=self._stream_name(queue.encoder.table))
        template.arrow_rows.writer_schema.serialized_schema = queue.encoder.schema.serialize().to_pybytes()
        return writer.AppendRowsStream(self._client, template)

    def _stream_name(self, table: Table) -> str:
        return f"projects/{self._project}/datasets/{table.dataset}/tables/{table.name}/streams/_default"

    def _drop_stream(self, queue: _TableQueue) -> None:
        from google.cloud.bigquery_storage_v1.exceptions import StreamClosedError

        if queue.stream is not None:
            with suppress(StreamClosedError):  # the service closed it before we did
                queue.stream.close()
            queue.stream = None


@cache
def _polling() -> "Retry":
    """Set the polling interval for answers. The library's own, a second, is the longest part of an append."""
    from google.api_core.future.polling import POLLING_PREDICATE
    from google.api_core.retry import Retry

    return Retry(POLLING_PREDICATE, initial=0.002, maximum=0.05, multiplier=1.5)


def _batches(group: list[_Document]) -> list[list[_Document]]:
    """Documents in order, in batches with few enough rows to be within the byte limit of an append."""
    batches: list[list[_Document]] = []
    rows = BATCH_ROWS
    for document in group:
        if rows + document.row_count > BATCH_ROWS:
            batches.append([])
            rows = 0
        batches[-1].append(document)
        rows += document.row_count
    return batches


def _finish(batch: list[_Document], error: TipoffError | None) -> None:
    for document in batch:
        document.error = error
