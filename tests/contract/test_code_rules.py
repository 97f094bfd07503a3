"""Rules for the code that neither ruff nor import-linter can state. Each test lists every offender.

`make check` holds the rest: docstrings and the environment (ruff), who may import whom (import-linter, pyproject.toml).
"""

import ast
from collections import Counter
from statistics import median, quantiles

from tests.contract.source_tree import ROOT, SOURCE, Module, body_lines, functions_of, mains, modules

MEDIAN_MAX, NINE_TENTHS_MAX, LINES_MAX, FILE_MAX, FOLDER_MAX = 9, 30, 60, 400, 22
MAIN_LINES = range(15, 41)
BOUNDARY = "tipoff.runtime.boundary"
CODE = (*modules(), *mains())


def test_function_bodies_fit_a_screen() -> None:
    found = [body_lines(function) for module in CODE for function in functions_of(module.tree)]
    assert median(found) <= MEDIAN_MAX
    assert quantiles(found, n=10)[-1] <= NINE_TENTHS_MAX


def test_no_function_is_longer_than_two_screens() -> None:
    found = [(f"{module.name}.{f.name}", body_lines(f)) for module in CODE for f in functions_of(module.tree)]
    assert [(name, lines) for name, lines in found if lines > LINES_MAX] == []


def test_no_file_is_longer_than_400_lines() -> None:
    assert [(module.name, module.lines) for module in CODE if module.lines > FILE_MAX] == []


def test_no_folder_has_more_than_22_python_or_sql_files() -> None:
    """Beyond that, put what belongs together in a folder with a standard name."""
    files = [path for top in (SOURCE, ROOT / "tests") for path in top.rglob("*") if path.suffix in (".py", ".sql")]
    found = Counter(path.parent.relative_to(ROOT).as_posix() for path in files)
    assert {folder: count for folder, count in found.items() if count > FOLDER_MAX} == {}


def broad_excepts(module: Module) -> list[int]:
    """Lines of `except:` and `except Exception:`."""
    return [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]


def test_the_boundary_has_the_only_broad_except() -> None:
    found = [(module.name, line) for module in CODE for line in broad_excepts(module)]
    assert [name for name, _ in found] == [BOUNDARY], found


def test_a_main_takes_no_decisions() -> None:
    """A main.py has no branch and no loop, so the tests of the steps cover a function (docs/pitfalls.md#5)."""
    forbidden = (ast.If, ast.Try, ast.For, ast.While, ast.Match, ast.IfExp, ast.BoolOp)
    found = [
        (main.name, node.lineno, type(node).__name__)
        for main in mains()
        for node in ast.walk(main.tree)
        if isinstance(node, forbidden)
    ]
    assert found == []
    assert [(main.name, main.lines) for main in mains() if main.lines not in MAIN_LINES] == []


def test_a_main_imports_only_the_framework_and_tipoff() -> None:
    allowed = {"functions_framework", "flask", "tipoff"}
    found = [(main.name, name) for main in mains() for name in main.imports if name.split(".")[0] not in allowed]
    assert found == []
