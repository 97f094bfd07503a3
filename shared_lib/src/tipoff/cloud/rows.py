"""Rows of a table folder as the protocol buffers that the Storage Write API wants.

The message type is composed from `schema.json`, so that a column exists in one place.
Types on the wire: DATE is days since 1970, TIMESTAMP is microseconds, NUMERIC is decimal text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from tipoff.core.errors import ContractViolation
from tipoff.tables import Column, Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DATE = date(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)

_Field = descriptor_pb2.FieldDescriptorProto
_WIRE = {
    "STRING": _Field.TYPE_STRING,
    "INT64": _Field.TYPE_INT64,
    "INTEGER": _Field.TYPE_INT64,
    "FLOAT64": _Field.TYPE_DOUBLE,
    "FLOAT": _Field.TYPE_DOUBLE,
    "BOOL": _Field.TYPE_BOOL,
    "BOOLEAN": _Field.TYPE_BOOL,
    "DATE": _Field.TYPE_INT32,
    "TIMESTAMP": _Field.TYPE_INT64,
    "NUMERIC": _Field.TYPE_STRING,
    "JSON": _Field.TYPE_STRING,
    "STRUCT": _Field.TYPE_MESSAGE,
    "RECORD": _Field.TYPE_MESSAGE,
}

type Convert = Callable[[Any], Any]


def _days(value: date) -> int:
    return (value - _EPOCH_DATE).days


def _micros(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _decimal_text(value: Decimal) -> str:
    return format(value, "f")


_CONVERT: dict[str, Convert] = {"DATE": _days, "TIMESTAMP": _micros, "NUMERIC": _decimal_text}


def _describe(message: descriptor_pb2.DescriptorProto, columns: Iterable[Column]) -> None:
    for number, column in enumerate(columns, start=1):
        field = message.field.add(name=column.name, number=number, type=_WIRE[column.type])
        repeated = column.mode == "REPEATED"
        field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
        if column.fields:
            nested = message.nested_type.add(name=f"{column.name}_item")
            _describe(nested, column.fields)
            field.type_name = nested.name


def descriptor(table: Table) -> descriptor_pb2.DescriptorProto:
    """The self-contained message description of a row of `table`."""
    message = descriptor_pb2.DescriptorProto(name=f"{table.name}_row")
    _describe(message, table.columns)
    return message


def _message_class(message: descriptor_pb2.DescriptorProto) -> type[Message]:
    package = f"rows_{uuid4().hex}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package)
    file.message_type.add().CopyFrom(message)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found: type[Message] = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{message.name}"))
    return found


type Read = Callable[[object], dict[str, Any]]


def _reader(columns: Iterable[Column]) -> Read:
    """A function from a row object to the keyword arguments of its message, which takes None for an absent field."""
    chosen = list(columns)
    names = [column.name for column in chosen]
    conversions = [(column.name, convert) for column in chosen if (convert := _converter(column)) is not None]
    get = _getter(names)

    def read(row: object) -> dict[str, Any]:
        values = dict(zip(names, get(row), strict=True))
        for name, convert in conversions:
            if values[name] is not None:
                values[name] = convert(values[name])
        return values

    return read


def _getter(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    """The named attributes of an object; of fewer than two, `attrgetter` gives no tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda row: tuple(getattr(row, name) for name in names)


def _converter(column: Column) -> Convert | None:
    one = _struct_converter(column) if column.fields else _CONVERT.get(column.type)
    if column.mode != "REPEATED" or one is None:
        return one
    return lambda items: [one(item) for item in items]


def _struct_converter(column: Column) -> Convert:
    return _reader(column.fields)


class RowEncoder:
    """Serialises row objects (attributes named as the columns) of one table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.descriptor = descriptor(table)
        self._class = _message_class(self.descriptor)
        self._readers: dict[frozenset[str], Read] = {}

    def encode(self, rows: Sequence[object], constants: Mapping[str, Any]) -> list[bytes]:
        """Rows of one document; `constants` are columns that the row objects themselves do not carry.

        The constants are written once and put before each row: a message in parts is the message whole (protocol
        buffers' encoding, "Last One Wins").

        Raises:
            ContractViolation: a row lacks a column, or a value has another type than its column.
        """
        kept = frozenset(constants)
        try:
            if kept not in self._readers:
                self._readers[kept] = _reader(column for column in self.table.columns if column.name not in kept)
            read, message = self._readers[kept], self._class
            head = self._head(constants)
            return [head + message(**read(row)).SerializeToString() for row in rows]
        except (AttributeError, TypeError, ValueError) as error:
            raise ContractViolation("row_refused", f"{self.table.full_name}: {error}") from error

    def _head(self, constants: Mapping[str, Any]) -> bytes:
        columns = [column for column in self.table.columns if column.name in constants]
        data: bytes = self._class(**_reader(columns)(SimpleNamespace(**constants))).SerializeToString()
        return data
