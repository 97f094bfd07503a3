"""stats.nba.com documents: named tables of headers and rows. Columns are found by header, not by position."""

import re
from typing import Any, get_args, get_type_hints

import msgspec

from tipoff.core.codes import Reason
from tipoff.core.contracts import decoding
from tipoff.core.contracts.results import DocumentRefused, RowRefused

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?")


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

    A number may be printed as a text (`"-12"`, `"+5"`). An empty text in a column of numbers is NULL.

    Raises:
        DocumentRefused: schema or wrong_type; these documents are atomic.
    """
    numbers = _number_fields(shape)
    rows: list[T] = []
    for index, values in enumerate(found.rowSet):
        path = f"$.resultSets[{found.name}].rowSet[{index}]"
        if len(values) != len(found.headers):
            raise DocumentRefused(Reason.SCHEMA, "a row has a value per header", path, len(values))
        try:
            row = {
                name: _number(value) if name in numbers else value
                for name, value in zip(found.headers, values, strict=True)
            }
            rows.append(decoding.convert(row, shape))
        except RowRefused as refusal:
            raise DocumentRefused(refusal.reason, refusal.rule, f"{path}.{refusal.field}", refusal.value) from refusal
    return rows


def _number_fields(shape: type) -> frozenset[str]:
    """The fields of a struct that hold numbers and no text."""
    fields = get_type_hints(shape).items()
    return frozenset(name for name, hint in fields if str not in (hint, *get_args(hint)))


def _number(value: Any) -> Any:
    """The number that a text prints; any other value unchanged."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return value if text else None
