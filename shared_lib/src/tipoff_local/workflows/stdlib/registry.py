"""Declares functions of the language: a typed Python function, whose annotations are the type checks.

The annotation of a parameter names the types that it accepts; any other argument is a TypeError map. `Value` accepts
every type. A ValueError raised by the body becomes a ValueError map.
"""

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Union, get_args, get_origin, get_type_hints

from tipoff_local.workflows.language.errors import failure
from tipoff_local.workflows.language.values import FunctionRef, Value, type_name

_NAMES = {
    str: "string",
    int: "int",
    float: "double",
    bool: "bool",
    bytes: "bytes",
    list: "list",
    dict: "map",
    type(None): "null",
    FunctionRef: "function",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. `accepts` is empty if it takes every type; it is `required` if it has no default."""

    name: str
    accepts: frozenset[str]
    required: bool


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    Attributes:
        name: documented name, such as `text.split`.
        parameters: in documented order.
        body: the Python function; with `needs_context` its first argument is the call context.
        blocking: only allowed in a `call` step (docs: Expressions, "Blocking calls").
        recorded: its outcome is kept in the journal, because it depends on more than its arguments.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: Callable[..., Value]
    needs_context: bool = False
    blocking: bool = False
    recorded: bool = False

    def bind(self, positional: list[Value], named: Mapping[str, Value]) -> dict[str, Value]:
        """Arguments by parameter name, checked as documented; missing optional ones are left out."""
        if len(positional) > len(self.parameters):
            raise failure("TypeError", f"{self.name} takes at most {len(self.parameters)} arguments")
        bound = dict(zip((p.name for p in self.parameters), positional, strict=False)) | dict(named)
        if fault := self.fault(frozenset(bound)):
            raise failure("TypeError", fault)
        for parameter in self.parameters:
            _check(self.name, parameter, bound)
        return bound

    def fault(self, given: frozenset[str]) -> str:
        """What is wrong with a set of argument names; empty if they are right."""
        known = {p.name for p in self.parameters}
        if unknown := sorted(given - known):
            return f"{self.name} has no argument {unknown[0]!r}"
        missing = [p.name for p in self.parameters if p.required and p.name not in given]
        return f"{self.name} needs the argument {missing[0]!r}" if missing else ""

    def run(self, arguments: Mapping[str, Value]) -> Value:
        """Call a pure body; its ValueError becomes the documented map."""
        try:
            return self.body(*(arguments[p.name] for p in self.parameters if p.name in arguments))
        except ValueError as error:
            raise failure("ValueError", f"{self.name}: {error}") from error


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, *, needs_context: bool = False, blocking: bool = False, recorded: bool = False
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Declare the decorated Python function as `name`. Trailing underscores of parameter names are dropped."""

    def declare(body: Callable[..., Value]) -> Callable[..., Value]:
        parameters = _parameters(body)[1 if needs_context else 0 :]
        FUNCTIONS[name] = Function(name, parameters, body, needs_context, blocking, recorded)
        return body

    return declare


def _parameters(body: Callable[..., Value]) -> tuple[Parameter, ...]:
    hints = get_type_hints(body)
    found = inspect.signature(body).parameters.values()
    return tuple(Parameter(p.name.rstrip("_"), _accepts(hints[p.name]), p.default is p.empty) for p in found)


def _accepts(hint: object) -> frozenset[str]:
    if isinstance(hint, types.UnionType) or get_origin(hint) is Union:
        return frozenset().union(*map(_accepts, get_args(hint)))
    origin = get_origin(hint) or hint
    return frozenset({_NAMES[origin]}) if isinstance(origin, type) and origin in _NAMES else frozenset()


def _check(function_name: str, parameter: Parameter, bound: Mapping[str, Value]) -> None:
    if parameter.name not in bound or not parameter.accepts:
        return
    given = type_name(bound[parameter.name])
    if given not in parameter.accepts:
        wanted = " or ".join(sorted(parameter.accepts))
        raise failure("TypeError", f"{function_name}: argument {parameter.name!r} must be {wanted}, not {given}")
