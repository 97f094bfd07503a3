"""How the code reads, measured: sizes, types, docstrings, one broad except, shells without decisions."""

import ast
from statistics import median, quantiles

import pytest

from tests.contract.house import Module, body_lines, functions_of, mains, modules

MEDIAN_MAX, NINE_TENTHS_MAX, LINES_MAX, FILE_MAX = 9, 30, 60, 400
MAIN_LINES = range(15, 41)
BOUNDARY = "tipoff.runtime.boundary"


def sizes() -> list[int]:
    return [body_lines(function) for module in (*modules(), *mains()) for function in functions_of(module.tree)]


def test_function_bodies_fit_a_screen() -> None:
    found = sizes()
    assert median(found) <= MEDIAN_MAX
    assert quantiles(found, n=10)[-1] <= NINE_TENTHS_MAX


@pytest.mark.parametrize("module", (*modules(), *mains()), ids=lambda m: m.name)
def test_no_function_is_longer_than_two_screens_and_no_file_than_one_room(module: Module) -> None:
    long = {f.name: body_lines(f) for f in functions_of(module.tree) if body_lines(f) > LINES_MAX}
    assert not long
    assert len(module.path.read_text(encoding="utf-8").splitlines()) <= FILE_MAX


def is_public(name: str) -> bool:
    return not name.startswith("_")


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.name)
def test_public_things_say_what_they_promise(module: Module) -> None:
    assert ast.get_docstring(module.tree), "a module says what it is for"
    missing = [
        node.name
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and is_public(node.name) and not ast.get_docstring(node)
    ]
    assert not missing


def broad_excepts(module: Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]


def test_there_is_one_broad_except_and_it_is_the_boundary() -> None:
    found = {module.name: broad_excepts(module) for module in (*modules(), *mains()) if broad_excepts(module)}
    assert set(found) == {BOUNDARY}
    assert len(found[BOUNDARY]) == 1


@pytest.mark.parametrize("module", mains(), ids=lambda m: m.name)
def test_a_main_is_a_shell(module: Module) -> None:
    """Pitfall 5: nothing decides in a main.py, so nothing can differ from what the steps' tests ran."""
    lines = len(module.path.read_text(encoding="utf-8").splitlines())
    assert lines in MAIN_LINES
    forbidden = (ast.If, ast.Try, ast.For, ast.While, ast.Match, ast.IfExp, ast.BoolOp)
    assert not [type(node).__name__ for node in ast.walk(module.tree) if isinstance(node, forbidden)]


@pytest.mark.parametrize("module", [m for m in modules() if m.name.startswith("tipoff.")], ids=lambda m: m.name)
def test_the_environment_is_read_in_one_place(module: Module) -> None:
    if module.name == "tipoff.runtime.settings":
        return
    found = [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in ("environ", "getenv")
    ]
    assert not found
