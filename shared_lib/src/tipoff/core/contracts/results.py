"""The result of reading a document: rows, rejects, an outcome with its reason, and when it was known."""

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.errors import ContractViolation

DOCUMENT_LEVEL = None


class Row(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Base of landing rows. The fields are the table's columns without the bookkeeping columns."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One rejected document or row.

    Attributes:
        code: the reason.
        field: path in the document, such as `$.game.homeTeam.players[3].statistics.points`; empty for the document.
        value: the field's value, shortened.
        rule: the rule that it broke, in one sentence.
        row_index: position of the row; None if the whole document is refused.
    """

    code: Reason
    field: str
    value: str
    rule: str
    row_index: int | None = DOCUMENT_LEVEL


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of one landing table, in document order."""

    table: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """Result of reading one object.

    Attributes:
        tables: rows per landing table; empty unless the document is accepted.
        rejects: rejected rows of an accepted document, or the reject of a refused document.
        outcome: accepted, ignored or quarantined.
        reason: the code of the refusal; for an accepted document its first reject, else its note, else None.
        observed_at: instant (UTC) at which the facts were known; None for a refused document.
        rows_in: records read; always rows_out + rows_rejected.
        rows_out: rows in `tables`, without the marker rows of an injury report.
        parse_seq: version of the parser.
        dates: Eastern game dates of the rows, sorted.
    """

    tables: tuple[TableRows, ...]
    rejects: tuple[Reject, ...]
    outcome: DocumentOutcome
    reason: Reason | None
    observed_at: datetime | None
    rows_in: int
    rows_out: int
    parse_seq: int
    dates: tuple[date, ...] = ()

    @property
    def rows_rejected(self) -> int:
        """Number of rejects. A refused document counts as one."""
        return len(self.rejects)


@dataclass(frozen=True, slots=True)
class Content:
    """The result of a source's parser: rows, rejects, a note and the instant of observation."""

    tables: tuple[TableRows, ...]
    observed_at: datetime
    rejects: tuple[Reject, ...] = ()
    note: Reason | None = None
    marker_rows: int = 0


class DocumentRefused(ContractViolation):
    """The whole document is quarantined or ignored. Parsers raise it; `read_document` catches it."""

    def __init__(
        self,
        reason: Reason,
        rule: str,
        field: str = "",
        value: object = "",
        outcome: DocumentOutcome = DocumentOutcome.QUARANTINED,
    ) -> None:
        self.reason = reason
        self.outcome = outcome
        self.reject = Reject(reason, shorten(field), shorten(value), rule)
        super().__init__(reason.value, f"{field or 'document'}: {rule}", {"field": field, "value": self.reject.value})

    def below(self, path: str) -> "DocumentRefused":
        """The same refusal with a field path below `path`."""
        reject = self.reject
        return DocumentRefused(reject.code, reject.rule, f"{path}.{reject.field}", reject.value, self.outcome)


class RowRefused(ContractViolation):
    """One row of a row-wise document is rejected. The source's parser catches it."""

    def __init__(self, code: Reason, field: str, value: object, rule: str) -> None:
        self.reason, self.field, self.value, self.rule = code, field, shorten(value), rule
        super().__init__(code.value, f"{field}: {rule}", {"field": field, "value": self.value})

    def at(self, path: str, row_index: int) -> Reject:
        """The reject with the row's path and position."""
        field = f"{path}.{self.field}" if self.field else path
        return Reject(self.reason, field, self.value, self.rule, row_index)


def shorten(value: object) -> str:
    """At most 120 printable characters of a value, for logs and tables."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(char if char.isprintable() else "?" for char in text[:120])


def refused(refusal: DocumentRefused, parse_seq: int = 0) -> Parsed:
    """The result of a refused document. An ignored document has no reject."""
    rejects = (refusal.reject,) if refusal.outcome is DocumentOutcome.QUARANTINED else ()
    return Parsed((), rejects, refusal.outcome, refusal.reason, None, len(rejects), 0, parse_seq)


def accepted(content: Content, parse_seq: int) -> Parsed:
    """The result of an accepted document."""
    rows_out = sum(len(table.rows) for table in content.tables) - content.marker_rows
    reason = content.rejects[0].code if content.rejects else content.note
    dated = (table.rows for table in content.tables if table.rows and hasattr(table.rows[0], "game_date"))
    dates = {row.game_date for rows in dated for row in rows}  # type: ignore[attr-defined]
    return Parsed(
        tables=content.tables,
        rejects=content.rejects,
        outcome=DocumentOutcome.ACCEPTED,
        reason=reason,
        observed_at=content.observed_at,
        rows_in=rows_out + len(content.rejects),
        rows_out=rows_out,
        parse_seq=parse_seq,
        dates=tuple(sorted(dates)),
    )
