"""The syntax tree of an expression. Nodes are plain data; `evaluator` computes their values."""

from dataclasses import dataclass

from tipoff_local.workflows.language.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a subworkflow used as a function value."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`target[key]`; `target.key` is the same with a literal key."""

    target: "Node"
    key: "Node"


@dataclass(frozen=True, slots=True)
class Items:
    """A list literal."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`not x` or `-x`."""

    op: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """An infix operation other than `and` and `or`."""

    op: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logical:
    """`and` / `or`, with short-circuit evaluation from left to right."""

    op: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Apply:
    """A call of a standard-library function or subworkflow with positional arguments."""

    function: str
    arguments: tuple["Node", ...]


type Node = Literal | Name | Index | Items | Unary | Binary | Logical | Apply


def children(node: Node) -> tuple[Node, ...]:
    """The direct operands of a node, left to right."""
    match node:
        case Index(target, key):
            return (target, key)
        case Items(items):
            return items
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right) | Logical(_, left, right):
            return (left, right)
        case Apply(_, arguments):
            return arguments
        case _:
            return ()
