"""Values of the Workflows language: types, equality, order, memory, JSON form and assignment paths.

Values are never changed in place. An assignment copies the maps and lists along its path, which has the effect of the
language's copy-by-value (docs: Data types, Variables).
"""

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function used as a value: a retry predicate such as `http.default_retry_predicate` or a subworkflow."""

    name: str


type Value = None | bool | int | float | str | bytes | list[Value] | dict[str, Value] | FunctionRef

_TYPE_NAMES = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    FunctionRef: "function",
}
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


def type_name(value: Value) -> str:
    """The documented name of a value's type: int, double, string, bool, list, map, null, bytes (or function)."""
    return _TYPE_NAMES[type(value)]


def is_number(value: Value) -> bool:
    """True for int and double; a boolean is no number in this language."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(left: Value, right: Value) -> bool:
    """Deep equality; int and double compare by value, all other types are unequal across types."""
    if is_number(left) and is_number(right):
        return left == right
    if type(left) is not type(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(item, right[key]) for key, item in left.items())
    return left == right


def size(value: Value) -> int:
    """Memory in bytes (docs: Variables, "Memory"): 8 for scalars, 8 plus the content for strings and containers."""
    if isinstance(value, str):
        return 8 + len(value.encode())
    if isinstance(value, bytes):
        return 8 + len(value)
    if isinstance(value, list):
        return 8 + sum(map(size, value))
    if isinstance(value, dict):
        return 8 + sum(size(key) + size(item) for key, item in value.items())
    return 8


def to_json(value: Value, indent: int | None = None) -> str:
    """JSON text of a value.

    Raises:
        TypeError: the value contains bytes or functions, which have no JSON form (docs: Data types, "Returning bytes").
        ValueError: the value contains an infinite or undefined double.
    """
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=separators, indent=indent)


def from_json(text: str | bytes) -> Value:
    """Parse JSON text into a value.

    Raises:
        ValueError: malformed JSON, NaN or Infinity, or bytes that are not UTF-8.
    """
    parsed: Value = json.loads(text, parse_constant=_no_constant)
    return parsed


def canonical(value: Value) -> str:
    """One text per value, including bytes and functions, as the journal keeps it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_tagged)


def from_canonical(text: str) -> Value:
    """The value that `canonical` turned into this text."""
    parsed: Value = json.loads(text, object_hook=_untagged)
    return parsed


def replace_at(root: Value, path: list[Value], value: Value) -> Value:
    """Return `root` with the element at `path` (map keys and list indexes) replaced; missing maps are created.

    Raises:
        LookupError: a list index that does not exist.
        TypeError: a path through a scalar, or a key of the wrong type.
    """
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(root, list):
        return _replace_item(root, key, rest, value)
    if root is not None and not isinstance(root, dict):
        raise TypeError(f"cannot assign into a {type_name(root)}")
    if not isinstance(key, str):
        raise TypeError(f"map key must be a string, not {type_name(key)}")
    fields = root or {}
    return {**fields, key: replace_at(fields.get(key), rest, value)}


def _replace_item(items: list[Value], index: Value, rest: list[Value], value: Value) -> list[Value]:
    if not isinstance(index, int) or isinstance(index, bool):
        raise TypeError(f"list index must be an integer, not {type_name(index)}")
    if not 0 <= index < len(items):
        raise LookupError(f"index {index} out of range (length {len(items)})")
    return [*items[:index], replace_at(items[index], rest, value), *items[index + 1 :]]


def _no_constant(name: str) -> Value:
    raise ValueError(f"{name} is not JSON")


def _tagged(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, FunctionRef):
        return {"$function": value.name}
    raise TypeError(f"no journal form for {type(value).__name__}")


def _untagged(fields: dict[str, Value]) -> Value:
    if len(fields) == 1:
        (key, text), *_ = fields.items()
        if key == "$bytes" and isinstance(text, str):
            return base64.b64decode(text)
        if key == "$function" and isinstance(text, str):
            return FunctionRef(text)
    return fields
