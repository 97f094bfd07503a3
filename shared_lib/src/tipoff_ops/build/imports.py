"""What a Python file imports when it runs. The syntax trees are read; nothing is executed."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tipoff_ops.build.project import Project

PACKAGES = ("tipoff", "tipoff_local", "tipoff_ops", "tipoff_sim")
LISTED_PACKAGE = "tipoff.sources"  # imports every module that it contains, by listing itself


@dataclass(frozen=True)
class Closure:
    """Everything that is imported when a file runs.

    Attributes:
        modules: dotted names of our own modules.
        third_party: dotted names of everything else outside the standard library, and `zoneinfo`, which reads data.
    """

    modules: frozenset[str]
    third_party: frozenset[str]


@cache  # Twelve functions share most of their modules.
def imported_names(source: str) -> frozenset[str]:
    """Dotted names that a file imports; `from a import b` gives `a` and `a.b`. TYPE_CHECKING blocks are skipped."""
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
    """The file of one of our modules; None if there is no such module."""
    base = source_root.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def function_closure(project: Project, folder: Path) -> Closure:
    """Everything that the main.py of a function reaches."""
    return closure(project.source, folder / "main.py", frozenset(sys.stdlib_module_names) - {"zoneinfo"})


def closure(source_root: Path, main: Path, standard_library: frozenset[str]) -> Closure:
    """Everything that `main` reaches through our own modules, including the `__init__` of each package."""
    modules: set[str] = set()
    third_party: set[str] = set()
    seen: set[str] = set()
    todo = [main]
    while todo:
        names = imported_names(todo.pop().read_text(encoding="utf-8")) - seen
        seen |= names
        for name in names:
            if name.split(".")[0] in PACKAGES:
                new = _own_modules(source_root, name) - modules
                modules |= new
                todo.extend(path for module in new if (path := module_file(source_root, module)) is not None)
            elif name.split(".")[0] not in standard_library:
                third_party.add(name)
    return Closure(frozenset(modules), frozenset(third_party))


def _own_modules(source_root: Path, name: str) -> set[str]:
    """`a.b.c` needs `a` and `a.b`, and `a.b.c` itself if that is a module and not an attribute."""
    parts = name.split(".")
    names = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    found = {module for module in names if module_file(source_root, module) is not None}
    return found | _listed_modules(source_root) if LISTED_PACKAGE in found else found


def _listed_modules(source_root: Path) -> set[str]:
    folder = source_root.joinpath(*LISTED_PACKAGE.split("."))
    files = (path.relative_to(source_root).with_suffix("") for path in folder.rglob("*.py"))
    return {".".join(file.parts).removesuffix(".__init__") for file in files}
