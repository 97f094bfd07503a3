"""Deploy-time checks of names: step targets, functions and their arguments, variables, nesting.

Every refusal names line and step. A documented feature that this engine does not have is marked UNIMPLEMENTED.
"""

from collections.abc import Iterator

from tipoff_local.workflows.language.document import read
from tipoff_local.workflows.language.errors import DeployError, SourceLocation
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
    ListOf,
    MapOf,
    Nested,
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
    steps_of,
)
from tipoff_local.workflows.language.parser import FUNCTION_VALUES
from tipoff_local.workflows.language.scopes import Scope, loop_names, routine_scope, targets_of
from tipoff_local.workflows.language.syntax import Apply, Name, Node, children
from tipoff_local.workflows.stdlib import FUNCTIONS

# Documented modules that this engine does not implement.
_ABSENT_MODULES = ("events.", "experimental.", "googleapis.", "http.")


def deploy(text: str) -> Document:
    """Read and check a source.

    Raises:
        DeployError: naming line and step.
    """
    document = read(text)
    for routine in document.routines.values():
        _RoutineCheck(document, routine).run()
    return document


class _RoutineCheck:
    def __init__(self, document: Document, routine: Routine) -> None:
        self._document = document
        self._routine = routine
        self._step = Step("", routine.line, Nested(routine.block), None)

    def run(self) -> None:
        if self._routine.name in FUNCTIONS:
            raise self._refuse(f"{self._routine.name!r} is a function of the standard library")
        self._unique_names()
        if self._routine.name == "main" and len(self._routine.parameters) > 1:
            raise self._refuse("main takes at most one parameter")
        self._block(self._routine.block, routine_scope(self._routine), _Reach(frozenset(), loop=False, branches=0))

    def _unique_names(self) -> None:
        seen: dict[str, int] = {}
        for step in steps_of(self._routine.block):
            if not step.inline and step.name in seen:
                self._step = step
                raise self._refuse(f"duplicate step name (first used on line {seen[step.name]})")
            if not step.inline:
                seen[step.name] = step.line

    def _refuse(self, reason: str, *, missing: bool = False) -> DeployError:
        place = SourceLocation(self._routine.name, self._step.name, self._step.line)
        return DeployError(place, reason, unimplemented=missing)

    def _block(self, block: Block, scope: Scope, reach: "_Reach") -> None:
        inside = reach.with_steps(block)
        for step in block.steps:
            self._step = step
            if step.jump is not None:
                self._jump(step.jump.target, inside)
            self._body(step.body, scope, inside)

    def _jump(self, target: str, reach: "_Reach") -> None:
        if target in ("break", "continue"):
            if not reach.loop:
                raise self._refuse(f"{target!r} outside of a for loop")
        elif target == "end":
            if reach.branches:
                raise self._refuse("'end' inside a parallel branch", missing=True)
        elif target not in reach.steps:
            names = {step.name for step in steps_of(self._routine.block)}
            why = "cannot be reached from here" if target in names else "does not exist"
            raise self._refuse(f"next: step {target!r} {why}")

    def _body(self, body: Body, scope: Scope, reach: "_Reach") -> None:
        for template in _templates(body):
            self._template(template, scope)
        for target in targets_of(body):
            self._target(target, scope)
        match body:
            case Call():
                self._call(body)
            case Return() if reach.branches:
                raise self._refuse("'return' inside a parallel branch", missing=True)
            case Nested(block):
                self._block(block, scope, reach)
            case Switch(arms):
                self._arms(arms, scope, reach)
            case For():
                self._loop(body, scope, reach.in_loop())
            case Try():
                self._try(body, scope, reach)
            case Parallel():
                self._parallel(body, scope, reach)

    def _arms(self, arms: tuple[Arm, ...], scope: Scope, reach: "_Reach") -> None:
        for arm in arms:
            self._block(arm.block, scope, reach)

    def _loop(self, loop: For, scope: Scope, reach: "_Reach", shared: frozenset[str] | None = None) -> None:
        self._block(loop.block, scope.inner(loop.block, loop_names(loop), shared), reach)

    def _try(self, body: Try, scope: Scope, reach: "_Reach") -> None:
        self._block(body.block, scope, reach)
        if body.handler is not None:
            self._block(body.handler, scope.inner(body.handler, {body.error_name}), reach)

    def _parallel(self, body: Parallel, scope: Scope, reach: "_Reach") -> None:
        for name in body.shared:
            if not scope.declares(name):
                raise self._refuse(f"shared variable {name!r} is never assigned outside")
        inside = reach.in_branch()
        if inside.branches > LIMITS.parallel_nesting:
            raise self._refuse(f"parallel steps are nested deeper than {LIMITS.parallel_nesting}")
        shared = frozenset(body.shared)
        for _, block in body.branches:
            self._block(block, scope.inner(block, set(), shared), inside)
        if body.loop is not None:
            self._loop(body.loop, scope, inside, shared)

    def _target(self, target: Target, scope: Scope) -> None:
        if not scope.may_write(target.variable):
            raise self._refuse(f"variable {target.variable!r} is assigned in a parallel step but not shared")
        for key in target.path:
            self._expression(key, scope)

    def _template(self, template: Template, scope: Scope) -> None:
        match template:
            case Expression(node, _):
                self._expression(node, scope)
            case ListOf(items):
                for item in items:
                    self._template(item, scope)
            case MapOf(entries):
                for key, value in entries:
                    self._template(key, scope)
                    self._template(value, scope)

    def _expression(self, node: Node, scope: Scope) -> None:
        if isinstance(node, Name) and not self._known_name(node.name, scope):
            raise self._refuse(f"variable {node.name!r} is not defined here")
        if isinstance(node, Apply):
            self._application(node)
        for operand in children(node):
            self._expression(operand, scope)

    def _known_name(self, name: str, scope: Scope) -> bool:
        return scope.declares(name) or name in FUNCTION_VALUES or name in self._document.routines

    def _application(self, node: Apply) -> None:
        if node.function not in self._document.routines:
            self._function(node.function)
            if FUNCTIONS[node.function].blocking:
                raise self._refuse(f"{node.function} blocks: use a call step")
        self._positional(node.function, len(node.arguments))

    def _call(self, body: Call) -> None:
        if body.function not in self._document.routines:
            self._function(body.function)
        self._positional(body.function, len(body.positional)) if not body.named else self._named(body)

    def _function(self, name: str) -> None:
        if name in FUNCTIONS:
            return
        if name.startswith(_ABSENT_MODULES):
            raise self._refuse(f"{name} is not implemented by the local cloud", missing=True)
        raise self._refuse(f"unknown function or subworkflow {name!r}")

    def _positional(self, name: str, count: int) -> None:
        parameters = self._parameters(name)
        if count > len(parameters):
            raise self._refuse(f"{name} takes at most {len(parameters)} arguments")
        if missing := [p for p, required in parameters[count:] if required]:
            raise self._refuse(f"{name} needs the argument {missing[0]!r}")

    def _named(self, body: Call) -> None:
        given = {name for name, _ in body.named}
        parameters = self._parameters(body.function)
        if unknown := sorted(given - {name for name, _ in parameters}):
            raise self._refuse(f"{body.function} has no argument {unknown[0]!r}")
        if missing := [name for name, required in parameters if required and name not in given]:
            raise self._refuse(f"{body.function} needs the argument {missing[0]!r}")

    def _parameters(self, name: str) -> list[tuple[str, bool]]:
        if name in self._document.routines:
            return [(p, default is None) for p, default in self._document.routines[name].parameters]
        return [(p.name, p.required) for p in FUNCTIONS[name].parameters]


class _Reach:
    """Where a jump may go: the steps of the enclosing blocks up to the next loop; whether it is in a loop or branch."""

    def __init__(self, steps: frozenset[str], *, loop: bool, branches: int) -> None:
        self.steps = steps
        self.loop = loop
        self.branches = branches

    def with_steps(self, block: Block) -> "_Reach":
        return _Reach(self.steps | block.positions.keys(), loop=self.loop, branches=self.branches)

    def in_loop(self) -> "_Reach":
        return _Reach(frozenset(), loop=True, branches=self.branches)

    def in_branch(self) -> "_Reach":
        return _Reach(frozenset(), loop=False, branches=self.branches + 1)


def _templates(body: Body) -> Iterator[Template]:
    """The values that a step evaluates in its own scope."""
    match body:
        case Assign(assignments):
            yield from (value for _, value in assignments)
        case Call(_, named, positional):
            yield from (value for _, value in named)
            yield from positional
        case Switch(arms):
            yield from (arm.condition for arm in arms)
        case Raise(value) | Return(value):
            yield value
        case For():
            yield from _loop_templates(body)
        case Parallel(_, loop, _, limit):
            yield from _loop_templates(loop) if loop is not None else ()
            yield limit or Constant(None)
        case Try(_, Retry() as retry):
            parts = (retry.policy, retry.predicate, retry.max_retries)
            delays = (retry.initial_delay, retry.max_delay, retry.multiplier)
            yield from (part for part in parts + delays if part is not None)


def _loop_templates(loop: For) -> Iterator[Template]:
    yield loop.items or Constant(None)
    yield from loop.bounds or ()
