"""Expression helpers, json, base64 and hash (docs: Expression helpers; Modules json, base64, hash)."""

import base64
import hashlib
import hmac

from tipoff_local.workflows.language.errors import failure
from tipoff_local.workflows.language.values import INT_MAX, INT_MIN, Value, from_json, to_json, type_name
from tipoff_local.workflows.stdlib.registry import function

_ALGORITHMS = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")


@function("default")
def default(value: Value, default_value: Value) -> Value:
    """The value, or `default_value` if it is null."""
    return default_value if value is None else value


@function("if")
def if_(condition: bool, if_true: Value, if_false: Value) -> Value:
    """One of two values; both are evaluated."""
    return if_true if condition else if_false


@function("double")
def double(value: str | int | float) -> Value:
    """A double of a string or number."""
    return float(value)


@function("int")
def int_(value: str | int | float) -> Value:
    """An integer of a decimal string or a number; a fraction is cut off."""
    number = int(value)
    if not INT_MIN <= number <= INT_MAX:
        raise ValueError("integer does not fit into 64 bits")
    return number


@function("string")
def string(value: str | int | float | bool) -> Value:
    """The text of a number or boolean, as JSON writes it."""
    return value if isinstance(value, str) else to_json(value)


@function("keys")
def keys(map_: dict[str, Value]) -> Value:
    """The keys of a map."""
    return list(map_)


@function("len")
def len_(value: list[Value] | dict[str, Value] | str) -> Value:
    """Elements of a list, entries of a map, characters of a string."""
    return len(value)


@function("type")
def type_(value: Value) -> Value:
    """The type's name."""
    return type_name(value)


@function("json.decode")
def json_decode(data: bytes | str) -> Value:
    """The value of a JSON text."""
    return from_json(data)


@function("json.encode")
def json_encode(data: Value, indent: int | None = None) -> Value:
    """JSON text as bytes."""
    return _encoded(data, indent).encode()


@function("json.encode_to_string")
def json_encode_to_string(data: Value, indent: int | None = None) -> Value:
    """JSON text as a string."""
    return _encoded(data, indent)


def _encoded(data: Value, indent: int | None) -> str:
    try:
        return to_json(data, indent)
    except TypeError as error:
        raise failure("TypeError", "the value holds bytes, which have no JSON form") from error


@function("base64.encode")
def base64_encode(data: bytes, padding: bool = True) -> Value:
    """Base64 text of bytes."""
    text = base64.b64encode(data).decode()
    return text if padding else text.rstrip("=")


@function("base64.decode")
def base64_decode(data: str | bytes, padding: bool = True) -> Value:
    """The bytes of a Base64 text; with `padding` false, missing padding is added."""
    raw = data.encode() if isinstance(data, str) else data
    return base64.b64decode(raw if padding else raw + b"=" * (-len(raw) % 4), validate=True)


@function("hash.compute_checksum")
def compute_checksum(data: bytes, algorithm: str) -> Value:
    """The checksum as bytes; CRC32 is not an algorithm of this module."""
    return hashlib.new(_algorithm(algorithm), data, usedforsecurity=False).digest()


@function("hash.compute_hmac")
def compute_hmac(key: bytes, data: bytes, algorithm: str) -> Value:
    """The keyed hash as bytes."""
    return hmac.new(key, data, _algorithm(algorithm)).digest()


def _algorithm(name: str) -> str:
    if name not in _ALGORITHMS:
        raise ValueError(f"unknown algorithm {name!r}; known: {', '.join(_ALGORITHMS)}")
    return name.lower()
