"""What a Python file imports when it runs, found in its syntax tree: nothing is executed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "tipoff"


@dataclass(frozen=True)
class Closure:
    """All that runs when a file runs.

    Attributes:
        modules: our own modules, by dotted name.
        third_party: dotted names of everything else that is not the standard library.
    """

    modules: frozenset[str]
    third_party: frozenset[str]


@cache  # Twelve functions share most of their modules.
def imported_names(source: str) -> frozenset[str]:
    """Dotted names a file imports, `from a import b` as both `a` and `a.b`; imports for type checkers left out."""
    return frozenset(_names(ast.parse(source)))


def _names(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from _names(child)


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def module_file(source_root: Path, module: str) -> Path | None:
    """The file of one of our modules, or None if there is no such module."""
    base = source_root.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def closure(source_root: Path, main: Path, standard_library: frozenset[str]) -> Closure:
    """Everything reachable from `main` through our own modules, packages' `__init__` included."""
    modules: set[str] = set()
    third_party: set[str] = set()
    seen: set[str] = set()
    todo = [main]
    while todo:
        names = imported_names(todo.pop().read_text(encoding="utf-8")) - seen
        seen |= names
        for name in names:
            if name.split(".")[0] == PACKAGE:
                new = _own_modules(source_root, name) - modules
                modules |= new
                todo.extend(path for module in new if (path := module_file(source_root, module)) is not None)
            elif name.split(".")[0] not in standard_library:
                third_party.add(name)
    return Closure(frozenset(modules), frozenset(third_party))


def _own_modules(source_root: Path, name: str) -> set[str]:
    """`a.b.c` needs `a`, `a.b` and, where it is a module and not an attribute, `a.b.c`."""
    parts = name.split(".")
    names = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return {module for module in names if module_file(source_root, module) is not None}
