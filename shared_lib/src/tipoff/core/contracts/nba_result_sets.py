"""stats.nba.com documents: named tables of headers and rows. Columns are found by header, not by position."""

from typing import Any

import msgspec

from tipoff.core.codes import Reason
from tipoff.core.contracts import decoding
from tipoff.core.contracts.results import DocumentRefused, RowRefused


class ResultSet(msgspec.Struct, frozen=True):
    """One table."""

    name: str
    headers: list[str]
    rowSet: list[list[Any]]


class Document(msgspec.Struct, frozen=True):
    """The envelope."""

    resultSets: list[ResultSet]
    resource: str | None = None


def table(body: bytes, *names: str) -> ResultSet:
    """The first table with one of these names.

    Raises:
        DocumentRefused: any code of `check_json`; schema if there is no such table or its headers repeat.
    """
    document = decoding.decode(body, Document)
    found = next((one for one in document.resultSets if one.name in names), None)
    if found is None:
        raise DocumentRefused(Reason.SCHEMA, f"one result set is called {' or '.join(names)}", "$.resultSets")
    if len(set(found.headers)) != len(found.headers):
        raise DocumentRefused(Reason.DUPLICATE_KEY, "a result set names each column once", "$.resultSets.headers")
    return found


def typed_rows[T](found: ResultSet, shape: type[T]) -> list[T]:
    """Rows of a table as structs with its headers as fields.

    Raises:
        DocumentRefused: schema or wrong_type; these documents are atomic.
    """
    rows: list[T] = []
    for index, values in enumerate(found.rowSet):
        path = f"$.resultSets[{found.name}].rowSet[{index}]"
        if len(values) != len(found.headers):
            raise DocumentRefused(Reason.SCHEMA, "a row has a value per header", path, len(values))
        try:
            rows.append(decoding.convert(dict(zip(found.headers, values, strict=True)), shape))
        except RowRefused as refusal:
            raise DocumentRefused(refusal.reason, refusal.rule, f"{path}.{refusal.field}", refusal.value) from refusal
    return rows
