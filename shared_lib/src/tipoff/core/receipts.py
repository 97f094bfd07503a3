"""Rows of the operations logs, with the columns of `tables/nba_ops`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

type StepOutcome = Literal["ok", "partial", "no_games", "not_ready", "failed"]
type ObjectOutcome = Literal["accepted", "quarantined", "ignored"]
type QuarantineLevel = Literal["document", "row", "message"]


@dataclass(frozen=True)
class TableCount:
    """Number of rows of one table."""

    table_name: str
    row_count: int


@dataclass(frozen=True)
class InputDigest:
    """The state of one input: the number of rows that the step can read, and when the newest arrived."""

    table_name: str
    row_count: int
    newest_ingested_at: datetime | None


@dataclass(frozen=True)
class ObjectReceipt:
    """The outcome of one object. Always `rows_in = rows_out + rows_rejected`."""

    received_date: date
    source_object: str
    source_generation: int
    source: str
    game_date: date | None
    first_game_date: date | None
    last_game_date: date | None
    parse_seq: int
    observed_at: datetime | None
    outcome: ObjectOutcome
    reason: str | None
    rows_in: int
    rows_out: int
    rows_rejected: int
    tables: tuple[TableCount, ...]
    content_sha256: str | None
    received_at: datetime
    committed_at: datetime
    release: str

    def __post_init__(self) -> None:
        """Raise ValueError for a receipt that loses rows."""
        if self.rows_in != self.rows_out + self.rows_rejected:
            raise ValueError(f"{self.source_object}: {self.rows_in} in, {self.rows_out} + {self.rows_rejected}")


@dataclass(frozen=True)
class QuarantineEntry:
    """One refused document, row or message, and the rule that it broke.

    Attributes:
        replayed_at: set in a second row of a message, once it was sent again.
    """

    quarantined_date: date
    source: str
    level: QuarantineLevel
    source_object: str
    source_generation: int
    row_index: int | None
    code: str
    field: str | None
    value: str | None
    rule: str | None
    message: str
    copy_object: str | None
    quarantined_at: datetime
    release: str
    replayed_at: datetime | None = None


@dataclass(frozen=True)
class StepReceipt:
    """One run of one step."""

    run_id: str
    step_id: str
    step: str
    run_date: date
    start_date: date | None
    end_date: date | None
    as_of: datetime | None
    lead_minutes: int | None
    input_digest: str | None
    inputs: tuple[InputDigest, ...]
    outputs: tuple[TableCount, ...]
    rows_in: int
    rows_out: int
    rows_rejected: int
    outcome: StepOutcome
    cause: str | None
    message: str | None
    started_at: datetime
    ended_at: datetime
    duration_seconds: float
    release: str
    function: str
