"""Evaluates expressions: operators, element access and calls. Errors are raised as the documented error maps."""

import math
from collections.abc import Callable
from typing import Protocol

from tipoff_local.workflows.language.errors import failure
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.syntax import Apply, Binary, Index, Items, Literal, Logical, Name, Node, Unary
from tipoff_local.workflows.language.values import INT_MAX, INT_MIN, Value, equal, is_number, type_name


class Environment(Protocol):
    """What an expression can use: the variables in scope and the functions that do not block."""

    def lookup(self, name: str) -> Value:
        """The value of a variable; a KeyError map if it was not assigned."""
        ...

    def apply(self, function: str, arguments: list[Value]) -> Value:
        """The result of a non-blocking function or a subworkflow."""
        ...


def evaluate(node: Node, env: Environment) -> Value:
    """The value of an expression.

    Raises:
        WorkflowError: with the documented tags (TypeError, KeyError, IndexError, ZeroDivisionError, ...).
    """
    return _EVALUATORS[type(node)](node, env)


def element(target: Value, key: Value) -> Value:
    """`target[key]`: KeyError for a missing map key, IndexError outside a list, TypeError otherwise."""
    if isinstance(target, dict):
        return _map_element(target, key)
    if not isinstance(target, list):
        raise failure("TypeError", f"cannot access an element of a value of type {type_name(target)}")
    if not isinstance(key, int) or isinstance(key, bool):
        raise failure("TypeError", f"list index must be an integer, not {type_name(key)}")
    if not 0 <= key < len(target):
        raise failure("IndexError", f"index out of range: {key} (length {len(target)})")
    return target[key]


def integer(value: int) -> int:
    """The value, if it fits into 64 bits; a ValueError map otherwise."""
    if not INT_MIN <= value <= INT_MAX:
        raise failure("ValueError", "integer does not fit into 64 bits")
    return value


def _map_element(target: dict[str, Value], key: Value) -> Value:
    if not isinstance(key, str):
        raise failure("TypeError", f"map key must be a string, not {type_name(key)}")
    if key not in target:
        raise failure("KeyError", f"key not found: {key}")
    return target[key]


def _literal(node: Literal, _env: Environment) -> Value:
    return node.value


def _name(node: Name, env: Environment) -> Value:
    return env.lookup(node.name)


def _index(node: Index, env: Environment) -> Value:
    return element(evaluate(node.target, env), evaluate(node.key, env))


def _items(node: Items, env: Environment) -> Value:
    return [evaluate(item, env) for item in node.items]


def _apply(node: Apply, env: Environment) -> Value:
    return env.apply(node.function, [evaluate(argument, env) for argument in node.arguments])


def _unary(node: Unary, env: Environment) -> Value:
    value = evaluate(node.operand, env)
    if node.op == "not":
        return not _boolean("not", value)
    if isinstance(value, int) and not isinstance(value, bool):
        return integer(-value)
    if isinstance(value, float):
        return -value
    raise failure("TypeError", f"unary - needs a number, not {type_name(value)}")


def _logical(node: Logical, env: Environment) -> Value:
    left = _boolean(node.op, evaluate(node.left, env))
    if left == (node.op == "or"):
        return left
    return _boolean(node.op, evaluate(node.right, env))


def _binary(node: Binary, env: Environment) -> Value:
    return _OPERATORS[node.op](node.op, evaluate(node.left, env), evaluate(node.right, env))


def _boolean(op: str, value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise failure("TypeError", f"{op} needs a boolean, not {type_name(value)}")


def _numbers(op: str, left: Value, right: Value) -> tuple[int | float, int | float]:
    if is_number(left) and is_number(right) and isinstance(left, int | float) and isinstance(right, int | float):
        return left, right
    raise failure("TypeError", f"{op} is not defined for {type_name(left)} and {type_name(right)}")


def _add(op: str, left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return limited(left + right)
    return _arithmetic(op, left, right)


def limited(text: str) -> str:
    """The text, if it is within the documented string length; a ResourceLimitError map otherwise."""
    if len(text) > LIMITS.string_bytes or len(text.encode()) > LIMITS.string_bytes:
        raise failure("ResourceLimitError", f"string longer than {LIMITS.string_bytes} bytes")
    return text


_ARITHMETIC: dict[str, Callable[[int | float, int | float], int | float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: float(a) / float(b),
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


def _arithmetic(op: str, left: Value, right: Value) -> Value:
    a, b = _numbers(op, left, right)
    if b == 0 and op in ("/", "//", "%"):
        raise failure("ZeroDivisionError", "division by zero")
    result = _ARITHMETIC[op](a, b)
    if isinstance(result, int):
        return integer(result)
    if not math.isfinite(result):
        raise failure("ValueError", f"the result of {op} is not a finite number")
    return result


_ORDER: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def _compare(op: str, left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return _ORDER[op]((left > right) - (left < right))
    a, b = _numbers(op, left, right)
    return _ORDER[op]((a > b) - (a < b))


def _equals(op: str, left: Value, right: Value) -> Value:
    return equal(left, right) == (op == "==")


def _contains(_op: str, left: Value, right: Value) -> Value:
    if isinstance(right, list):
        return any(equal(left, item) for item in right)
    if not isinstance(right, dict):
        raise failure("TypeError", f"in needs a list or a map on its right, not {type_name(right)}")
    if not isinstance(left, str):
        raise failure("TypeError", f"map key must be a string, not {type_name(left)}")
    return left in right


_OPERATORS: dict[str, Callable[[str, Value, Value], Value]] = {
    "+": _add,
    **dict.fromkeys(("-", "*", "/", "//", "%"), _arithmetic),
    **dict.fromkeys(_ORDER, _compare),
    "==": _equals,
    "!=": _equals,
    "in": _contains,
}
_EVALUATORS: dict[type, Callable[..., Value]] = {
    Literal: _literal,
    Name: _name,
    Index: _index,
    Items: _items,
    Unary: _unary,
    Logical: _logical,
    Binary: _binary,
    Apply: _apply,
}
