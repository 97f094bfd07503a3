"""Syntax trees of the checkout, as the contract tests read them. None of the code is run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "shared_lib" / "src"
FUNCTIONS = ROOT / "functions"


@dataclass(frozen=True)
class Module:
    """A Python file of the project: its dotted name, its syntax tree and its length."""

    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def imports(self) -> frozenset[str]:
        """Dotted names that the file imports, at any depth."""
        return frozenset(_imports(self.tree))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def modules() -> tuple[Module, ...]:
    """Every module under shared_lib/src."""
    return tuple(_module(path, ".".join(path.relative_to(SOURCE).with_suffix("").parts)) for path in _python(SOURCE))


@cache
def mains() -> tuple[Module, ...]:
    """Every functions/<name>/main.py."""
    return tuple(_module(path, f"functions.{path.parent.name}") for path in sorted(FUNCTIONS.glob("*/main.py")))


def _python(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py"))


def _module(path: Path, name: str) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(name.removesuffix(".__init__"), path, ast.parse(text), len(text.splitlines()))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body or function.end_lineno is None:
        return 0
    return function.end_lineno - body[0].lineno + 1


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
