"""The typed form of a workflow source: routines, blocks, steps, and templates that are evaluated at run time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tipoff_local.workflows.language.syntax import Node
from tipoff_local.workflows.language.values import Value


@dataclass(frozen=True, slots=True)
class Constant:
    """A template without expressions."""

    value: Value


@dataclass(frozen=True, slots=True)
class Expression:
    """A `${...}` value."""

    node: Node
    text: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of templates."""

    items: tuple["Template", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map of templates; keys may be expressions too (docs: Maps)."""

    entries: tuple[tuple["Template", "Template"], ...]


type Template = Constant | Expression | ListOf | MapOf


@dataclass(frozen=True, slots=True)
class Target:
    """What an assignment writes to: a variable, and the path of keys to an element of it."""

    variable: str
    path: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """`next`: a step name, or one of `end`, `break`, `continue`."""

    target: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Assignments in order."""

    assignments: tuple[tuple[Target, Template], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, connector or subworkflow by named (`args` map) or positional (`args` list) arguments."""

    function: str
    named: tuple[tuple[str, Template], ...]
    positional: tuple[Template, ...]
    result: Target | None


@dataclass(frozen=True, slots=True)
class Arm:
    """One condition of a switch and its block; `name` is its index, for the journal."""

    condition: Template
    block: "Block"
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Switch:
    """Runs the block of the first arm whose condition is true."""

    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class For:
    """A loop over `items`, or over the inclusive range of `bounds`."""

    value: str
    index: str
    items: Template | None
    bounds: tuple[Template, Template] | None
    block: "Block"


@dataclass(frozen=True, slots=True)
class Parallel:
    """Named branches, or the iterations of a loop, at the same time."""

    branches: tuple[tuple[str, "Block"], ...]
    loop: For | None
    shared: tuple[str, ...]
    concurrency: Template | None


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry policy: a whole one (`policy` alone), or its parts. With a predicate, `policy` is the backoff."""

    policy: Template | None
    predicate: Template | None = None
    max_retries: Template | None = None
    initial_delay: Template | None = None
    max_delay: Template | None = None
    multiplier: Template | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """A block with a retry policy, a handler, or both."""

    block: "Block"
    retry: Retry | None
    error_name: str
    handler: "Block | None"


@dataclass(frozen=True, slots=True)
class Raise:
    """Raises a string or map."""

    value: Template


@dataclass(frozen=True, slots=True)
class Return:
    """Ends the routine with a value."""

    value: Template


@dataclass(frozen=True, slots=True)
class Nested:
    """`steps` inside a step."""

    block: "Block"


@dataclass(frozen=True, slots=True)
class Nothing:
    """A step that only jumps."""


type Body = Assign | Call | Switch | For | Parallel | Try | Raise | Return | Nested | Nothing


@dataclass(frozen=True, slots=True)
class Step:
    """A named step. An `inline` one (in a switch arm, or a `try` with one call) has the name of the step around it."""

    name: str
    line: int
    body: Body
    jump: Jump | None
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Steps in order; `positions` finds the target of a jump."""

    steps: tuple[Step, ...]
    positions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Routine:
    """`main` or a subworkflow; a parameter without a default has None in its place."""

    name: str
    line: int
    parameters: tuple[tuple[str, Constant | None], ...]
    block: Block


@dataclass(frozen=True, slots=True)
class Document:
    """A validated source."""

    routines: Mapping[str, Routine]


def blocks_of(body: Body) -> Iterator[Block]:
    """The blocks directly inside a step, in source order."""
    match body:
        case Switch(arms):
            yield from (arm.block for arm in arms)
        case For() | Nested():
            yield body.block
        case Parallel(branches, loop):
            yield from (block for _, block in branches)
            if loop is not None:
                yield loop.block
        case Try(block, _, _, handler):
            yield block
            if handler is not None:
                yield handler


def steps_of(block: Block) -> Iterator[Step]:
    """Every step of a block and of the blocks inside it, in source order."""
    for step in block.steps:
        yield step
        for inner in blocks_of(step.body):
            yield from steps_of(inner)
