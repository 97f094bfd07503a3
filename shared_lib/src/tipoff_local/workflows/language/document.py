"""Reads a source text into its typed form, and checks its structure and keys; `validator` checks names and scopes."""

from collections.abc import Callable, Mapping

from yaml.nodes import MappingNode, Node, ScalarNode

from tipoff_local.workflows.language import source
from tipoff_local.workflows.language.errors import DeployError
from tipoff_local.workflows.language.lexer import ExpressionError
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.model import (
    Arm,
    Assign,
    Block,
    Body,
    Call,
    Constant,
    Document,
    Expression,
    For,
    Jump,
    ListOf,
    MapOf,
    Nested,
    Nothing,
    Parallel,
    Raise,
    Retry,
    Return,
    Routine,
    Step,
    Switch,
    Target,
    Template,
    Try,
)
from tipoff_local.workflows.language.parser import parse
from tipoff_local.workflows.language.syntax import Index, Name
from tipoff_local.workflows.language.syntax import Node as Ast
from tipoff_local.workflows.language.values import Value

_KINDS = ("assign", "call", "switch", "for", "parallel", "try", "raise", "return", "steps")
_COMPANIONS = {"call": {"args", "result"}, "try": {"retry", "except"}}
_RESERVED = ("end", "break", "continue")


def read(text: str) -> Document:
    """The typed form of a source: a list of steps, or a map of `main` and subworkflows.

    Raises:
        DeployError: naming line and step.
    """
    root = source.compose(text)
    if source.items(root) is not None:
        return Document({"main": Routine("main", 1, (), _Reader("main").block(root, ""))})
    routines = {name: _routine(name, node) for name, node in source.entries(_as_map(root, "a workflow", "", ""))}
    if "main" not in routines:
        raise source.refusal(1, 'there is no workflow "main"')
    return Document(routines)


def _as_map(node: Node, what: str, routine: str, step: str) -> MappingNode:
    if isinstance(node, MappingNode):
        return node
    raise source.refusal(source.line_of(node), f"{what} must be a map", routine, step)


def _routine(name: str, node: Node) -> Routine:
    reader = _Reader(name)
    if (listed := source.items(node)) is not None:
        return Routine(name, source.line_of(node), (), reader.block(node, "")) if listed else reader.empty(node)
    parts = reader.parts(node, "", {"params", "steps"}, {"steps"})
    parameters = reader.parameters(parts["params"]) if "params" in parts else ()
    return Routine(name, source.line_of(node), parameters, reader.block(parts["steps"], ""))


class _Reader:
    """Reads one routine; error messages name it."""

    def __init__(self, routine: str) -> None:
        self._routine = routine
        self._builders: dict[str, Callable[[Mapping[str, Node], str], Body]] = {
            "assign": self._assign,
            "call": self._call,
            "switch": self._switch,
            "for": lambda parts, step: self._loop(parts["for"], step),
            "parallel": self._parallel,
            "try": self._try,
            "raise": lambda parts, step: Raise(self.template(parts["raise"], step)),
            "return": lambda parts, step: Return(self.template(parts["return"], step)),
            "steps": lambda parts, step: Nested(self.block(parts["steps"], step)),
        }

    def refuse(self, node: Node, step: str, reason: str, *, missing: bool = False) -> DeployError:
        return source.refusal(source.line_of(node), reason, self._routine, step, missing=missing)

    def empty(self, node: Node) -> Routine:
        raise self.refuse(node, "", "a workflow needs at least one step")

    def parts(self, node: Node, step: str, known: set[str], needed: set[str]) -> dict[str, Node]:
        """The entries of a map with only known keys and all needed ones."""
        parts = dict(source.entries(_as_map(node, "this", self._routine, step)))
        if unknown := sorted(parts.keys() - known):
            raise self.refuse(node, step, f"unknown key {unknown[0]!r}; known here: {', '.join(sorted(known))}")
        if missing := sorted(needed - parts.keys()):
            raise self.refuse(node, step, f"key {missing[0]!r} is missing")
        return parts

    def parameters(self, node: Node) -> tuple[tuple[str, Constant | None], ...]:
        """`params: [a, b: default]`."""
        found: list[tuple[str, Constant | None]] = []
        for item in self._list(node, "", "params"):
            if isinstance(item, MappingNode):
                ((name, value),) = source.entries(item)
                template = self.template(value, "")
                if not isinstance(template, Constant):
                    raise self.refuse(value, "", f"the default of parameter {name!r} must be a constant")
                found.append((name, template))
            else:
                found.append((self._word(item, "", "a parameter"), None))
        return tuple(found)

    def block(self, node: Node, step: str) -> Block:
        """A list of named steps; names are unique within it (the validator checks the whole routine)."""
        listed = self._list(node, step, "steps")
        if not listed:
            raise self.refuse(node, step, "a workflow or block needs at least one step")
        steps = tuple(self._named_step(item, step) for item in listed)
        return Block(steps, {found.name: position for position, found in enumerate(steps)})

    def _named_step(self, node: Node, outer: str) -> Step:
        entries = list(source.entries(_as_map(node, "a step", self._routine, outer)))
        if len(entries) != 1:
            raise self.refuse(node, outer, "a step is a map with exactly one key, its name")
        name, content = entries[0]
        if not name or name in _RESERVED:
            raise self.refuse(node, outer, f"{name!r} cannot be the name of a step")
        return self._step(name, source.line_of(node), _as_map(content, "a step's content", self._routine, name))

    def _step(self, name: str, line: int, node: MappingNode, *, inline: bool = False) -> Step:
        parts = dict(source.entries(node))
        kinds = [kind for kind in _KINDS if kind in parts]
        if len(kinds) > 1:
            raise self.refuse(node, name, f"a step cannot have both {kinds[0]!r} and {kinds[1]!r}")
        kind = kinds[0] if kinds else ""
        known = {kind, "next"} | _COMPANIONS.get(kind, set())
        if unknown := sorted(parts.keys() - known):
            raise self.refuse(node, name, f"unknown key {unknown[0]!r} in a step of kind {kind or 'next'}")
        if not parts:
            raise self.refuse(node, name, "the step does nothing")
        body = self._builders[kind](parts, name) if kind else Nothing()
        jump = Jump(self._word(parts["next"], name, "next")) if "next" in parts else None
        return Step(name, line, body, jump, inline)

    def _inline(self, node: Node, step: str) -> Block:
        """A block written as `steps: [...]` or as the content of one unnamed step."""
        parts = dict(source.entries(_as_map(node, "this", self._routine, step)))
        if "for" in parts:
            reason = "a loop here fails in the service (known issue): name a step inside `steps`"
            raise self.refuse(node, step, reason)
        if parts.keys() == {"steps"}:
            return self.block(parts["steps"], step)
        only = self._step(step, source.line_of(node), _as_map(node, "this", self._routine, step), inline=True)
        return Block((only,))

    def _assign(self, parts: Mapping[str, Node], step: str) -> Body:
        listed = self._list(parts["assign"], step, "assign")
        if len(listed) > LIMITS.assigns_per_step:
            raise self.refuse(parts["assign"], step, f"more than {LIMITS.assigns_per_step} assignments in one step")
        return Assign(tuple(self._assignment(item, step) for item in listed))

    def _assignment(self, node: Node, step: str) -> tuple[Target, Template]:
        entries = list(source.entries(_as_map(node, "an assignment", self._routine, step)))
        if len(entries) != 1:
            raise self.refuse(node, step, "an assignment is a map with exactly one key")
        name, value = entries[0]
        return self._target(name, node, step), self.template(value, step)

    def _target(self, text: str, node: Node, step: str) -> Target:
        tree = self._parsed(text, node, step)
        path: list[Ast] = []
        while isinstance(tree, Index):
            path.insert(0, tree.key)
            tree = tree.target
        if not isinstance(tree, Name):
            raise self.refuse(node, step, f"cannot assign to {text!r}")
        return Target(tree.name, tuple(path))

    def _call(self, parts: Mapping[str, Node], step: str) -> Body:
        name = self._word(parts["call"], step, "call")
        args = parts.get("args")
        result = self._result(parts["result"], step) if "result" in parts else None
        if args is None:
            return Call(name, (), (), result)
        if (listed := source.items(args)) is not None:
            return Call(name, (), tuple(self.template(item, step) for item in listed), result)
        named = source.entries(_as_map(args, "args", self._routine, step))
        return Call(name, tuple((key, self.template(value, step)) for key, value in named), (), result)

    def _result(self, node: Node, step: str) -> Target:
        return self._target(self._word(node, step, "result"), node, step)

    def _switch(self, parts: Mapping[str, Node], step: str) -> Body:
        listed = self._list(parts["switch"], step, "switch")
        if not 0 < len(listed) <= LIMITS.conditions_per_switch:
            raise self.refuse(parts["switch"], step, f"a switch has 1 to {LIMITS.conditions_per_switch} conditions")
        return Switch(tuple(self._arm(item, step, number) for number, item in enumerate(listed)))

    def _arm(self, node: Node, step: str, number: int) -> Arm:
        rest = [
            pair for pair in _as_map(node, "a condition", self._routine, step).value if pair[0].value != "condition"
        ]
        parts = dict(source.entries(_as_map(node, "a condition", self._routine, step)))
        if "condition" not in parts:
            raise self.refuse(node, step, "key 'condition' is missing")
        if not rest:
            raise self.refuse(node, step, "a condition needs something to do: next, steps, or a step's content")
        content = MappingNode(node.tag, rest, node.start_mark, node.end_mark)
        only = self._step(step, source.line_of(node), content, inline=True)
        return Arm(self.template(parts["condition"], step), Block((only,)), str(number), source.line_of(node))

    def _loop(self, node: Node, step: str) -> For:
        parts = self.parts(node, step, {"value", "index", "in", "range", "steps"}, {"value", "steps"})
        if ("in" in parts) == ("range" in parts):
            raise self.refuse(node, step, "a loop has either 'in' or 'range'")
        bounds = self._list(parts["range"], step, "range") if "range" in parts else []
        if bounds and len(bounds) != 2:
            raise self.refuse(node, step, "'range' is a list of two bounds")
        return For(
            self._word(parts["value"], step, "value"),
            self._word(parts["index"], step, "index") if "index" in parts else "",
            self.template(parts["in"], step) if "in" in parts else None,
            (self.template(bounds[0], step), self.template(bounds[1], step)) if bounds else None,
            self.block(parts["steps"], step),
        )

    def _parallel(self, parts: Mapping[str, Node], step: str) -> Body:
        keys = {"branches", "for", "shared", "concurrency_limit", "exception_policy"}
        inner = self.parts(parts["parallel"], step, keys, set())
        if ("branches" in inner) == ("for" in inner):
            raise self.refuse(parts["parallel"], step, "a parallel step has either 'branches' or 'for'")
        if "exception_policy" in inner and self._word(inner["exception_policy"], step, "") != "continueAll":
            raise self.refuse(inner["exception_policy"], step, "the only exception policy is continueAll")
        shared = self._list(inner["shared"], step, "shared") if "shared" in inner else []
        return Parallel(
            self._branches(inner["branches"], step) if "branches" in inner else (),
            self._loop(inner["for"], step) if "for" in inner else None,
            tuple(self._word(name, step, "a shared variable") for name in shared),
            self.template(inner["concurrency_limit"], step) if "concurrency_limit" in inner else None,
        )

    def _branches(self, node: Node, step: str) -> tuple[tuple[str, Block], ...]:
        branches: list[tuple[str, Block]] = []
        for item in self._list(node, step, "branches"):
            for name, content in source.entries(_as_map(item, "a branch", self._routine, step)):
                branches.append((name, self.block(self.parts(content, step, {"steps"}, {"steps"})["steps"], step)))
        if not 0 < len(branches) <= LIMITS.branches_per_step:
            raise self.refuse(node, step, f"a parallel step has 1 to {LIMITS.branches_per_step} branches")
        return tuple(branches)

    def _try(self, parts: Mapping[str, Node], step: str) -> Body:
        if "retry" not in parts and "except" not in parts:
            raise self.refuse(parts["try"], step, "a try step needs 'retry' or 'except'")
        retry = self._retry(parts["retry"], step) if "retry" in parts else None
        block = self._inline(parts["try"], step)
        if "except" not in parts:
            return Try(block, retry, "", None)
        handler = self.parts(parts["except"], step, {"as", "steps"}, {"as", "steps"})
        return Try(block, retry, self._word(handler["as"], step, "as"), self.block(handler["steps"], step))

    def _retry(self, node: Node, step: str) -> Retry:
        if not source.is_map(node):
            return Retry(self.template(node, step))
        keys = {"predicate", "max_retries", "backoff"}
        parts = self.parts(node, step, keys, keys)
        given = (self.template(parts["predicate"], step), self.template(parts["max_retries"], step))
        if not source.is_map(parts["backoff"]):
            return Retry(self.template(parts["backoff"], step), *given)
        keys = {"initial_delay", "max_delay", "multiplier"}
        backoff = self.parts(parts["backoff"], step, keys, keys)
        delays = [self.template(backoff[name], step) for name in ("initial_delay", "max_delay", "multiplier")]
        return Retry(None, *given, *delays)

    def template(self, node: Node, step: str) -> Template:
        """A value that may contain expressions at any depth."""
        if (listed := source.items(node)) is not None:
            templates = tuple(self.template(item, step) for item in listed)
            constant = [t.value for t in templates if isinstance(t, Constant)]
            return Constant(constant) if len(constant) == len(templates) else ListOf(templates)
        if isinstance(node, MappingNode):
            return self._map_template(node, step)
        return (
            self._scalar_template(source.scalar(node), node, step) if isinstance(node, ScalarNode) else Constant(None)
        )

    def _map_template(self, node: MappingNode, step: str) -> Template:
        pairs = [
            (self._scalar_template(key, node, step), self.template(value, step)) for key, value in source.entries(node)
        ]
        constant: dict[str, Value] = {
            str(key.value): value.value
            for key, value in pairs
            if isinstance(key, Constant) and isinstance(value, Constant)
        }
        return Constant(constant) if len(constant) == len(pairs) else MapOf(tuple(pairs))

    def _scalar_template(self, value: Value, node: Node, step: str) -> Template:
        if not isinstance(value, str) or "${" not in value:
            return Constant(value)
        text = value.strip()
        if not (text.startswith("${") and text.endswith("}")):
            raise self.refuse(node, step, "an expression must be the whole value: text and ${} cannot be mixed")
        return Expression(self._parsed(text[2:-1], node, step), text)

    def _parsed(self, text: str, node: Node, step: str) -> Ast:
        if len(text) > LIMITS.expression_chars:
            raise self.refuse(node, step, f"an expression is longer than {LIMITS.expression_chars} characters")
        try:
            return parse(text)
        except ExpressionError as error:
            raise self.refuse(node, step, f"bad expression {text!r}: {error}") from error

    def _list(self, node: Node, step: str, what: str) -> list[Node]:
        listed = source.items(node)
        if listed is None:
            raise self.refuse(node, step, f"{what!r} must be a list")
        return listed

    def _word(self, node: Node, step: str, what: str) -> str:
        if isinstance(node, ScalarNode) and node.value:
            return str(node.value)
        raise self.refuse(node, step, f"{what!r} must be a name")
