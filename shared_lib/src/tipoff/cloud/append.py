"""Appends to the warehouse by the Storage Write API's default stream, with group commit.

All requests in flight in one process share one append per table: the first to come sends for all that wait.
All rows of a document travel in one append, and a refused document never harms its neighbours.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from tipoff.cloud.clients import Endpoints
from tipoff.cloud.clients.bigquery_storage import bigquery_write_client
from tipoff.cloud.errors import translate, translated
from tipoff.cloud.failpoints import failpoint
from tipoff.cloud.ledger import QuotaLedger
from tipoff.cloud.rows import RowEncoder
from tipoff.core.errors import ContractViolation, TipoffError
from tipoff.tables import Table

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud.bigquery_storage_v1 import types
    from google.cloud.bigquery_storage_v1.writer import AppendRowsStream

APPEND_BYTES_MAX = 8_000_000
APPEND_TIMEOUT_S = 60.0
# An append costs the warehouse the same whether it holds one row or a hundred: in a crowd it is worth to wait for more.
GATHER_S = 0.2


@dataclass
class _Document:
    """Encoded rows that stand or fall together."""

    rows: list[bytes]
    done: bool = False
    error: TipoffError | None = None

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.rows))


@dataclass
class _Lane:
    """One table's way into the warehouse."""

    encoder: RowEncoder
    waiting: list[_Document] = field(default_factory=list)
    queue_lock: Lock = field(default_factory=Lock)
    send_lock: Lock = field(default_factory=Lock)
    stream: "AppendRowsStream | None" = None
    crowded: bool = False


class Appender:
    """Appends rows to tables of one project; safe to share between threads."""

    def __init__(self, at: Endpoints, ledger: QuotaLedger) -> None:
        self._client = bigquery_write_client(at)
        self._project = at.project_id
        self._ledger = ledger
        self._lanes: dict[str, _Lane] = {}
        self._lanes_lock = Lock()

    def append(self, table: Table, rows: Sequence[object], constants: Mapping[str, object]) -> int:
        """Append all of `rows` (one document) or none; returns how many were committed.

        Args:
            constants: columns that are the same on every row and that the row objects do not carry.

        Raises:
            ContractViolation: a row does not fit the table, or the document is larger than one append may be.
            Retryable: the service did not take it; nothing may be assumed, and repeats are harmless.
        """
        if not rows:
            return 0
        lane = self._lane(table)
        document = _Document([lane.encoder.encode(row, constants) for row in rows])
        if document.size_bytes > APPEND_BYTES_MAX:
            raise ContractViolation("too_large", f"{table.full_name}: a document of {document.size_bytes} bytes")
        with lane.queue_lock:
            lane.waiting.append(document)
        with lane.send_lock:
            if not document.done:
                self._send_waiting(lane)
        if document.error is not None:
            raise document.error
        return len(document.rows)

    def close(self) -> None:
        """Close every stream."""
        for lane in self._lanes.values():
            self._drop_stream(lane)

    def _lane(self, table: Table) -> _Lane:
        with self._lanes_lock:
            if table.full_name not in self._lanes:
                self._lanes[table.full_name] = _Lane(RowEncoder(table))
            return self._lanes[table.full_name]

    def _send_waiting(self, lane: _Lane) -> None:
        """Send what waits; where the last append was shared, more are waited for. Who is alone never waits."""
        if lane.crowded:
            time.sleep(GATHER_S)
        with lane.queue_lock:
            group, lane.waiting = lane.waiting, []
        lane.crowded = len(group) > 1
        for batch in _batches(group):
            self._send(lane, batch)

    def _send(self, lane: _Lane, batch: list[_Document]) -> None:
        try:
            refused = self._append_once(lane, batch)
            if refused:
                self._send_again_without(lane, batch, refused)
                return
        except TipoffError as error:
            self._drop_stream(lane)
            _finish(batch, error)
            return
        _finish(batch, None)

    def _send_again_without(self, lane: _Lane, batch: list[_Document], refused: dict[int, str]) -> None:
        """Every document with a refused row fails alone; the others are sent again."""
        good: list[_Document] = []
        first = 0
        for document in batch:
            why = [text for index, text in refused.items() if first <= index < first + len(document.rows)]
            first += len(document.rows)
            if why:
                name = lane.encoder.table.full_name
                _finish([document], ContractViolation("row_refused", f"{name}: {why[0]}"))
            else:
                good.append(document)
        if good:
            self._send(lane, good)

    def _append_once(self, lane: _Lane, batch: list[_Document]) -> dict[int, str]:
        """Send one append; the answer maps refused row indexes to the service's reasons."""
        rows = [row for document in batch for row in document.rows]
        table = lane.encoder.table
        failpoint("bigquery.append:before")
        with translated(f"append to {table.full_name}"):
            response = self._exchange(lane, rows)
        failpoint("bigquery.append:after")
        if not response:
            self._ledger.count_append(table.full_name, len(rows), sum(map(len, rows)))
        return response

    def _exchange(self, lane: _Lane, rows: list[bytes]) -> dict[int, str]:
        from google.api_core.exceptions import InvalidArgument

        if lane.stream is None:
            lane.stream = self._open(lane)
        future = lane.stream.send(self._request(lane, rows))
        try:
            future.result(timeout=APPEND_TIMEOUT_S, polling=_polling())
        except InvalidArgument as error:
            refused = {e.index: e.message for e in getattr(error.response, "row_errors", ())}
            self._drop_stream(lane)
            if not refused:
                raise translate(error, lane.encoder.table.full_name) from error
            return refused
        return {}

    def _open(self, lane: _Lane) -> "AppendRowsStream":
        from google.cloud.bigquery_storage_v1 import types, writer

        template = types.AppendRowsRequest(write_stream=self._stream_name(lane.encoder.table))
        template.proto_rows = types.AppendRowsRequest.ProtoData(
            writer_schema=types.ProtoSchema(proto_descriptor=lane.encoder.descriptor)
        )
        return writer.AppendRowsStream(self._client, template)

    def _stream_name(self, table: Table) -> str:
        return f"projects/{self._project}/datasets/{table.dataset}/tables/{table.name}/streams/_default"

    def _request(self, lane: _Lane, rows: list[bytes]) -> "types.AppendRowsRequest":
        from google.cloud.bigquery_storage_v1 import types

        data = types.AppendRowsRequest.ProtoData(rows=types.ProtoRows(serialized_rows=rows))
        return types.AppendRowsRequest(proto_rows=data)

    def _drop_stream(self, lane: _Lane) -> None:
        if lane.stream is not None:
            lane.stream.close()
            lane.stream = None


@cache
def _polling() -> "Retry":
    """How often an answer is looked for: the library's own second between looks is the longest part of an append."""
    from google.api_core.future.polling import POLLING_PREDICATE
    from google.api_core.retry import Retry

    return Retry(POLLING_PREDICATE, initial=0.002, maximum=0.05, multiplier=1.5)


def _batches(group: list[_Document]) -> list[list[_Document]]:
    """Documents in order, cut so that no append exceeds the limit."""
    batches: list[list[_Document]] = []
    size = APPEND_BYTES_MAX
    for document in group:
        if size + document.size_bytes > APPEND_BYTES_MAX:
            batches.append([])
            size = 0
        batches[-1].append(document)
        size += document.size_bytes
    return batches


def _finish(batch: list[_Document], error: TipoffError | None) -> None:
    for document in batch:
        document.done, document.error = True, error
