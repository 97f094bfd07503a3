"""list and map (docs: Modules list, map): every function returns a new value."""

from tipoff_local.workflows.language.errors import failure
from tipoff_local.workflows.language.values import Value, type_name
from tipoff_local.workflows.stdlib.registry import function


@function("list.concat")
def concat(objs: list[Value], val: Value) -> Value:
    """The list with one more element at its end."""
    return [*objs, val]


@function("list.prepend")
def prepend(objs: list[Value], val: Value) -> Value:
    """The list with one more element at its start."""
    return [val, *objs]


@function("map.get")
def get(map_: Value, keys: str | list[Value]) -> Value:
    """The value at a key or a path of keys; null if the path does not exist."""
    found: Value = map_
    for key in [keys] if isinstance(keys, str) else keys:
        if not isinstance(key, str):
            raise failure("TypeError", f"map.get: a key must be string, not {type_name(key)}")
        found = found.get(key) if isinstance(found, dict) else None
    return found


@function("map.delete")
def delete(map_: dict[str, Value], key: str) -> Value:
    """The map without a key; a KeyError map if the key is missing."""
    if key not in map_:
        raise failure("KeyError", f"key not found: {key}")
    return {name: value for name, value in map_.items() if name != key}


@function("map.merge")
def merge(first: dict[str, Value], second: dict[str, Value]) -> Value:
    """Both maps; the second wins."""
    return {**first, **second}


@function("map.merge_nested")
def merge_nested(first: dict[str, Value], second: dict[str, Value]) -> Value:
    """Both maps, merged again wherever both hold a map; elsewhere the second wins."""
    return _merged(first, second)


def _merged(first: dict[str, Value], second: dict[str, Value]) -> dict[str, Value]:
    both: dict[str, Value] = {**first, **second}
    for key, ours in first.items():
        theirs = second.get(key)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            both[key] = _merged(ours, theirs)
    return both
