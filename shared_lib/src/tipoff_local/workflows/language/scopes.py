"""Which variables a step can see (docs: Variables, "Scope"), computed at deployment.

A routine has one scope. Each `for` loop, parallel branch and `except` handler opens a child scope. An assignment
declares its variable in the innermost scope, unless an outer scope declares it. Because a jump can go to any step of a
routine, a name is declared in its whole scope; reading it before its assignment is a KeyError at run time.
"""

from collections.abc import Iterator

from tipoff_local.workflows.language.model import (
    Assign,
    Block,
    Body,
    Call,
    For,
    Nested,
    Parallel,
    Routine,
    Switch,
    Target,
    Try,
)


class Scope:
    """Names declared here and outside. A parallel branch may write outer names only if they are `shared`."""

    def __init__(self, outer: "Scope | None", names: set[str], shared: frozenset[str] | None = None) -> None:
        self._outer = outer
        self._names = names
        self._shared = shared

    def declares(self, name: str) -> bool:
        """Whether the name is visible."""
        return name in self._names or (self._outer is not None and self._outer.declares(name))

    def may_write(self, name: str) -> bool:
        """Whether an assignment may write the variable: not from a parallel branch, if it is outside and not shared."""
        if name in self._names or self._outer is None:
            return True
        return (self._shared is None or name in self._shared) and self._outer.may_write(name)

    def inner(self, block: Block, given: set[str], shared: frozenset[str] | None = None) -> "Scope":
        """The scope of a loop body, branch or handler: `given` names plus those first assigned inside."""
        fresh = {name for name in _assigned(block) if not self.declares(name)}
        return Scope(self, given | fresh, shared)


def routine_scope(routine: Routine) -> Scope:
    """The outermost scope of a routine: its parameters and what its own steps assign."""
    return Scope(None, {name for name, _ in routine.parameters} | set(_assigned(routine.block)))


def loop_names(loop: For) -> set[str]:
    """The variables that a loop declares for its body."""
    return {loop.value} | ({loop.index} if loop.index else set())


def targets_of(body: Body) -> Iterator[Target]:
    """What a step itself writes."""
    match body:
        case Assign(assignments):
            yield from (target for target, _ in assignments)
        case Call(_, _, _, Target() as result):
            yield result


def _assigned(block: Block) -> Iterator[str]:
    for step in block.steps:
        yield from (target.variable for target in targets_of(step.body))
        for inner in _same_scope(step.body):
            yield from _assigned(inner)


def _same_scope(body: Body) -> Iterator[Block]:
    match body:
        case Switch(arms):
            yield from (arm.block for arm in arms)
        case Nested(block) | Try(block):
            yield block
        case Parallel():
            return
