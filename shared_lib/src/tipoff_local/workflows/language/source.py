"""Reads YAML with line numbers, and refuses what YAML readers disagree about.

Plain scalars are resolved as in YAML 1.2: null, true/false, numbers, and text for everything else. Scalars that
YAML 1.1 reads differently (`yes`, `on`, `012`, `1:30`, a date) are refused; they must be quoted.
"""

import re
from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tipoff_local.workflows.language.errors import DeployError, SourceLocation
from tipoff_local.workflows.language.limits import LIMITS
from tipoff_local.workflows.language.values import INT_MAX, INT_MIN, Value

_NULL = re.compile(r"(?:~|null|Null|NULL|)")
_BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*)")
_DOUBLE = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?:\.\d*)?[eE][-+]?\d+)")
_AMBIGUOUS = re.compile(
    r"(?:y|Y|n|N|(?i:yes|no|on|off)|[-+]?0[0-9_xXoObB][\w]*|[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?"
    r"|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?|[-+]?\d[\d_]*_[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)


def compose(source: str) -> Node:
    """The node tree of a YAML or JSON source.

    Raises:
        DeployError: too long, not YAML, empty, with anchors, or with a key twice in one map.
    """
    if len(source.encode()) > LIMITS.source_bytes:
        raise refusal(1, f"the source is longer than {LIMITS.source_bytes} bytes")
    try:
        root = yaml.compose(source, Loader=yaml.CSafeLoader)
        anchored = next((e for e in yaml.parse(source, yaml.CSafeLoader) if isinstance(e, yaml.AliasEvent)), None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise refusal(mark.line + 1 if mark else 1, f"not YAML: {getattr(error, 'problem', error)}") from error
    if root is None:
        raise refusal(1, "the source is empty")
    if anchored is not None:
        raise refusal(_event_line(anchored), "YAML aliases are not documented for workflows", missing=True)
    return root


def refusal(line: int, reason: str, routine: str = "", step: str = "", *, missing: bool = False) -> DeployError:
    """A DeployError at a line."""
    return DeployError(SourceLocation(routine, step, line), reason, unimplemented=missing)


def line_of(node: Node) -> int:
    """The line on which a node begins, from 1."""
    return int(node.start_mark.line) + 1


def entries(node: MappingNode) -> Iterator[tuple[str, Node]]:
    """Keys (as text) and values of a map, in order.

    Raises:
        DeployError: a key occurs twice, or is not a scalar.
    """
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise refusal(line_of(key), "a map key must be a scalar")
        if key.value in seen:
            raise refusal(line_of(key), f"key {key.value!r} is given twice")
        seen.add(key.value)
        yield key.value, value


def _event_line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark is not None else 1


def is_map(node: Node) -> bool:
    """Whether a node is a map."""
    return isinstance(node, MappingNode)


def items(node: Node) -> list[Node] | None:
    """The items of a sequence node, or None for any other."""
    return list(node.value) if isinstance(node, SequenceNode) else None


def scalar(node: ScalarNode) -> Value:
    """The value of a scalar node: quoted and block scalars are text, plain ones resolve as described above."""
    text = str(node.value)
    if node.style:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return _integer(node, text)
    if _AMBIGUOUS.fullmatch(text):
        raise refusal(line_of(node), f"{text} means different things to different YAML readers: quote it")
    return float(text) if _DOUBLE.fullmatch(text) else text


def _integer(node: ScalarNode, text: str) -> int:
    number = int(text)
    if not INT_MIN <= number <= INT_MAX:
        raise refusal(line_of(node), f"integer {text} does not fit into 64 bits")
    return number
