"""Which variables a step can see (docs: Variables, "Scope"), computed before anything runs.

A routine has one scope; each `for` loop, parallel branch and `except` handler opens a child. An assignment
declares its variable in the innermost scope unless an outer one declares it. Jumps can lead anywhere in a routine, so
a name counts as declared in the whole scope; reading it too early is a KeyError at run time.
"""

from collections.abc import Iterator

from tipoff_local.workflows.model import (
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
        """Whether an assignment reaches the variable without leaving a parallel branch for an unshared one."""
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
    """The variables that a loop itself gives to its body."""
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
