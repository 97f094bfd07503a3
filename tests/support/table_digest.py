"""The canonical digest of rows: equal content has an equal digest, whatever the order, the run or the load time."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tipoff.tables.registry import Table


@dataclass(frozen=True)
class TableDigest:
    """Rows and content of one table.

    Attributes:
        table_name: `dataset.table`.
        row_count: rows digested.
        sha256: hex digest of the sorted canonical lines.
    """

    table_name: str
    row_count: int
    sha256: str


def digest_columns(table: Table) -> tuple[str, ...]:
    """The columns of a digest: all but those that `table.yaml` calls volatile."""
    return tuple(name for name in table.column_names if name not in table.spec.volatile)


def digest_query(table: Table) -> str:
    """SELECT of the digest's columns.

    With a partition column the query takes @start_date and @end_date, both included.
    """
    where = f" WHERE {table.spec.partition} BETWEEN @start_date AND @end_date" if table.spec.partition else ""
    return f"SELECT {', '.join(digest_columns(table))} FROM {table.full_name}{where}"


def digest_rows(table: Table, rows: Iterable[Mapping[str, Any]]) -> TableDigest:
    """Digest `rows` (column -> value as the client returns it), volatile columns left out."""
    lines = sorted(canonical_line({name: row[name] for name in digest_columns(table)}) for row in rows)
    body = "\n".join(lines).encode("utf-8")
    return TableDigest(table.full_name, len(lines), hashlib.sha256(body).hexdigest())


def combined_digest(digests: Iterable[TableDigest]) -> str:
    """One digest over many tables: sha256 over sorted `table:count:sha256` lines."""
    lines = sorted(f"{each.table_name}:{each.row_count}:{each.sha256}" for each in digests)
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def canonical_line(row: Mapping[str, Any]) -> str:
    """A row as one JSON line: sorted keys, numbers and instants in one spelling each."""
    return json.dumps(_canonical(row), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _canonical(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return _float_text(value)
        case Decimal():
            return f"n:{value.normalize():f}"
        case datetime():
            return f"t:{_micros(value)}"
        case date():
            return f"d:{value.isoformat()}"
        case Mapping():
            return {str(key): _canonical(inner) for key, inner in value.items()}
        case _:
            return [_canonical(inner) for inner in value]


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "f:nan"
    return f"f:{value + 0.0!r}"


def _micros(value: datetime) -> int:
    whole = value.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds
