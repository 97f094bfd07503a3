"""Random expression trees have the value of a small reference evaluator: precedence and arithmetic are right."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tipoff_local.workflows.language.errors import WorkflowError
from tipoff_local.workflows.language.evaluator import evaluate
from tipoff_local.workflows.language.parser import parse

# The documented precedence of each operator. A child that does not bind tighter than its parent gets parentheses.
BINDS = {"or": 1, "and": 2, "==": 3, "<": 3, "+": 4, "-": 4, "*": 5, "//": 5, "%": 5}
NUMBERS = st.integers(0, 9)
ARITHMETIC = st.recursive(NUMBERS, lambda t: st.tuples(st.sampled_from(["+", "-", "*", "//", "%"]), t, t), max_leaves=8)
COMPARED = st.tuples(st.sampled_from(["==", "<"]), ARITHMETIC, ARITHMETIC)
LOGIC = st.recursive(COMPARED, lambda t: st.tuples(st.sampled_from(["and", "or"]), t, t), max_leaves=5)


def text(tree: Any, parent: int = 0, *, right: bool = False) -> str:
    if isinstance(tree, int):
        return str(tree)
    op, a, b = tree
    inner = f"{text(a, BINDS[op])} {op} {text(b, BINDS[op], right=True)}"
    return f"({inner})" if BINDS[op] < parent or (right and BINDS[op] == parent) else inner


def reference(tree: Any) -> Any:
    if isinstance(tree, int):
        return tree
    op, a, b = tree
    if op in ("and", "or"):
        left = reference(a)
        return reference(b) if left == (op == "and") else left
    x, y = reference(a), reference(b)
    table = {"+": x + y, "-": x - y, "*": x * y, "==": x == y, "<": x < y}
    return table[op] if op in table else (x // y if op == "//" else x % y)


@settings(max_examples=300, deadline=None)
@given(st.one_of(ARITHMETIC, LOGIC))
def test_a_tree_and_its_text_with_few_parentheses_have_one_value(tree: Any) -> None:
    try:
        expected = reference(tree)
    except ZeroDivisionError:
        expected = ZeroDivisionError
    found: Any
    try:
        found = evaluate(parse(text(tree)), None)  # type: ignore[arg-type]
    except WorkflowError as error:
        found = ZeroDivisionError if "ZeroDivisionError" in error.tags else error
    assert found == expected and type(found) is type(expected)
