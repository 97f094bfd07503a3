"""Rows of the operations logs: what came in, what went out, what was refused. Columns as in `tables/nba_ops`."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

type StepOutcome = Literal["ok", "partial", "no_games", "not_ready", "failed"]
type ObjectOutcome = Literal["accepted", "quarantined", "ignored"]
type QuarantineKind = Literal["object", "row", "message"]
type QuarantineEvent = Literal["held", "replayed", "released", "discarded"]


@dataclass(frozen=True)
class ObjectReceipt:
    """What became of one object: `rows_in = rows_out + rows_rejected`, always."""

    received_date: date
    bucket: str
    object_name: str
    generation: int
    source: str | None
    outcome: ObjectOutcome
    reason: str | None
    parse_seq: int
    tables: tuple[str, ...]
    game_dates: tuple[date, ...]
    rows_in: int
    rows_out: int
    rows_rejected: int
    byte_size: int
    content_sha256: str | None
    observed_at: datetime | None
    release: str
    received_at: datetime

    def __post_init__(self) -> None:
        """Refuse a receipt that loses rows."""
        if self.rows_in != self.rows_out + self.rows_rejected:
            raise ValueError(f"{self.object_name}: {self.rows_in} in, {self.rows_out} + {self.rows_rejected} out")


@dataclass(frozen=True)
class QuarantineEntry:
    """One refused document, row or message, with the rule it broke."""

    seen_date: date
    source: str
    kind: QuarantineKind
    bucket: str | None
    object_name: str | None
    generation: int | None
    row_index: int | None
    code: str
    field: str | None
    value: str | None
    rule: str | None
    detail: str | None
    quarantine_uri: str | None
    event: QuarantineEvent
    parse_seq: int | None
    release: str
    seen_at: datetime


@dataclass(frozen=True)
class StepReceipt:
    """One run of one step."""

    data_date: date
    run_id: str
    attempt: int
    step_id: str
    step: str
    phase: int
    processor_name: str | None
    status: StepOutcome
    start_date: date | None
    end_date: date | None
    as_of: datetime | None
    lead_minutes: int | None
    started_at: datetime
    ended_at: datetime
    duration_seconds: Decimal
    rows_in: int
    rows_out: int
    rows_rejected: int
    output_tables: tuple[str, ...]
    input_digest: str | None
    output_digest: str | None
    release: str
    trigger_source: str | None
    correlation_id: str | None
    parent_run_id: str | None
    error_code: str | None
    error_text: str | None
    details_json: str | None
    recorded_at: datetime
