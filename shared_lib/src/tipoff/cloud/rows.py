"""Rows of a table folder as the Arrow record batches that the Storage Write API takes.

The schema is composed from `schema.json`, so that a column exists in one place. Types on the wire are those of the
table "Supported Apache Arrow data types" (https://cloud.google.com/bigquery/docs/supported-data-types). There, "a NULL
value must be represented by an empty list" in a repeated field, so its Arrow field is not nullable. The page states no
such rule for a REQUIRED column. Its field stays nullable, as in Google's own `bq_to_arrow_field`, because Arrow gives
an arbitrary value where a field that is not nullable has a NULL. `encode` refuses a NULL in such a column instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched, chain, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple

from tipoff.core.errors import ContractViolation
from tipoff.tables import Column, Table

if TYPE_CHECKING:
    import pyarrow

type Values = Sequence[Any]
type Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Part:
    """Rows of one table that are appended all or not at all: objects with an attribute per column.

    Attributes:
        constants: values of columns that are equal in all rows and not in the row objects.
    """

    table: Table
    rows: Sequence[object]
    constants: Mapping[str, object] = field(default_factory=dict)


def arrow_field(column: Column) -> "pyarrow.Field":
    """The Arrow field of a column."""
    import pyarrow

    return pyarrow.field(column.name, arrow_type(column), nullable=column.mode != "REPEATED")


def arrow_type(column: Column) -> "pyarrow.DataType":
    """The Arrow type of a column's values."""
    import pyarrow

    if column.fields:
        one = pyarrow.struct([arrow_field(part) for part in column.fields])
    else:
        one = _plain_types()[column.type]
    return pyarrow.list_(one) if column.mode == "REPEATED" else one


def _plain_types() -> Mapping[str, "pyarrow.DataType"]:
    import pyarrow

    return {
        "STRING": pyarrow.string(),
        "INT64": pyarrow.int64(),
        "FLOAT64": pyarrow.float64(),
        "BOOL": pyarrow.bool_(),
        "DATE": pyarrow.date32(),
        "TIMESTAMP": pyarrow.timestamp("us", tz="UTC"),
        "NUMERIC": pyarrow.decimal128(38, 9),
    }


class RowEncoder:
    """Makes record batches of one table's rows.

    Args:
        table: whose columns they have.
        constants: the columns in the constants of a part; the row objects have the other columns.
    """

    def __init__(self, table: Table, constants: Iterable[str] = ()) -> None:
        import pyarrow

        self.table = table
        names = frozenset(constants)
        self._constants = [column for column in table.columns if column.name in names]
        self._columns = [column for column in table.columns if column.name not in names]
        columns = [*self._constants, *self._columns]
        self.schema: pyarrow.Schema = pyarrow.schema([arrow_field(column) for column in columns])

    def encode(self, parts: Sequence[Part]) -> "pyarrow.RecordBatch":
        """The rows of all parts, in order, as one batch.

        Raises:
            ContractViolation: a row lacks a column, or a value does not have the type of its column.
        """
        import pyarrow

        try:
            arrays = [*self._constant_arrays(parts), *self._row_arrays(parts)]
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, pyarrow.ArrowException) as error:
            raise ContractViolation("row_refused", f"{self.table.full_name}: {error}") from error
        for column, array in zip([*self._constants, *self._columns], arrays, strict=True):
            if column.mode != "NULLABLE" and array.null_count:
                raise ContractViolation("row_refused", f"{self.table.full_name}: {column.name} is required")
        return pyarrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _constant_arrays(self, parts: Sequence[Part]) -> Iterator["pyarrow.Array"]:
        """The constants of each part, repeated for each of its rows."""
        import pyarrow

        if not self._constants:
            return
        part_of_row = list(chain.from_iterable(repeat(index, len(part.rows)) for index, part in enumerate(parts)))
        rows = pyarrow.array(part_of_row, pyarrow.int32())
        for column in self._constants:
            values = _checked(column, [part.constants[column.name] for part in parts])
            yield pyarrow.array(values, self.schema.field(column.name).type).take(rows)

    def _row_arrays(self, parts: Sequence[Part]) -> Iterator["pyarrow.Array"]:
        import pyarrow

        found = self._values(list(chain.from_iterable(part.rows for part in parts)))
        for column in self._columns:
            yield pyarrow.array(_checked(column, found[column.name]), self.schema.field(column.name).type)

    def _values(self, rows: Sequence[Any]) -> dict[str, list[Any]]:
        """The values of each column, by its name. Structs return all their values at once."""
        kind = type(rows[0])
        is_struct = issubclass(kind, msgspec.Struct)
        names = kind.__struct_fields__ if is_struct else [column.name for column in self._columns]
        read = astuple if is_struct else _reader(names)
        columns: list[list[Any]] = [[] for _ in names]
        # As many rows at a time as fit the processor's cache: transposing 20,000 rows at once takes twice as long.
        for some in batched(rows, 256, strict=False):
            for column, values in zip(columns, zip(*map(read, some), strict=True), strict=True):
                column += values
        return dict(zip(names, columns, strict=True))


def _reader(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    """Reads the named attributes as a tuple, which `attrgetter` does only for two or more."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda row: tuple(getattr(row, name) for name in names)


def _checked(column: Column, values: Values) -> Values:
    """Values as Arrow reads them: structs as maps. Refuses an instant without a time zone: Arrow assumes UTC."""
    if column.fields:
        struct = _struct(column)
        return [struct(value) for value in values]
    if column.type == "TIMESTAMP":
        for value in values:
            if isinstance(value, datetime) and value.tzinfo is None:
                raise ValueError(f"{column.name}: {value} has no time zone")
    return values


def _struct(column: Column) -> Convert:
    names = [part.name for part in column.fields]
    read = _reader(names)
    inner = {part.name: _struct(part) for part in column.fields if part.fields}

    def one(value: object) -> dict[str, Any]:
        found = dict(zip(names, read(value), strict=True))
        return found | {name: convert(found[name]) for name, convert in inner.items()}

    if column.mode == "REPEATED":
        return lambda values: [one(value) for value in values]
    return lambda value: None if value is None else one(value)
