"""Every external write is a failpoint: a crash before it and after it can be tried."""

import ast
from collections.abc import Iterator

import pytest

from tests.contract.source_tree import Module, modules
from tipoff.cloud.failpoints import POINTS, WRITES, arm
from tipoff.core.errors import ConfigInvalid

# Methods of Google's clients, by what a call does. A method in neither list must be added to one.
WRITING = frozenset({"upload_from_string", "delete", "copy_blob", "publish", "create_execution", "send"})
READING = frozenset({
    "query_and_wait", "list_blobs", "bucket", "blob", "topic_path", "list_executions", "get_execution", "get", "close",
})  # fmt: skip
# `query_and_wait` writes if its statement does.
WRITING_STATEMENTS = frozenset({"rebuild_script"})
CLOUD = [module for module in modules() if module.name.startswith("tipoff.cloud")]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def of_client(call: ast.Call) -> bool:
    """Whether the call is on one of Google's clients, or on what one of them returned."""
    return any(isinstance(node, ast.Attribute) and node.attr == "_client" for node in ast.walk(call.func))


def writes(call: ast.Call) -> bool:
    """Whether the call itself changes something outside of the process. A call of our own `ObjectStore` does not."""
    if method(call) == "query_and_wait":
        return any(isinstance(found.func, ast.Name) and found.func.id in WRITING_STATEMENTS for found in calls(call))
    return method(call) in WRITING and not _is_ours(call)


def _is_ours(call: ast.Call) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    return isinstance(owner, ast.Attribute) and owner.attr in ("_store", "_locks")


def guarded(module: Module) -> dict[int, str]:
    """The calls inside a block `with around(...)`, by identity, with the write that it names."""
    found: dict[int, str] = {}
    for block in (node for node in ast.walk(module.tree) if isinstance(node, ast.With)):
        for item in block.items:
            entered = item.context_expr
            if isinstance(entered, ast.Call) and isinstance(entered.func, ast.Name) and entered.func.id == "around":
                assert isinstance(entered.args[0], ast.Constant)
                found |= {id(call): str(entered.args[0].value) for call in calls(block)}
    return found


def test_every_external_write_stands_between_two_failpoints() -> None:
    bare = [
        (module.name, call.lineno, method(call))
        for module in CLOUD
        for call in calls(module.tree)
        if writes(call) and id(call) not in guarded(module)
    ]
    assert bare == []


def test_every_declared_write_stands_around_one() -> None:
    around = {
        name
        for module in CLOUD
        for call in calls(module.tree)
        if writes(call)
        for name in [guarded(module).get(id(call))]
    }
    assert around == set(WRITES)


def test_every_method_of_a_client_is_known_to_read_or_to_write() -> None:
    used = {method(call) for module in CLOUD for call in calls(module.tree) if of_client(call)}
    assert used - WRITING - READING == set()


@pytest.mark.parametrize("name", ["storage.move:after", "storage.write"])
def test_only_a_declared_point_can_be_armed(name: str) -> None:
    with pytest.raises(ConfigInvalid, match="unknown_failpoint"):
        arm(name, "local")


def test_no_point_can_be_armed_in_the_cloud() -> None:
    with pytest.raises(ConfigInvalid, match="failpoint_outside_local"):
        arm(POINTS[0], "prod")
