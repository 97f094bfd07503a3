"""Every GoogleSQL text of the repository, wherever it stands: SQL files, queries in Python, queries in tests."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tipoff.sources import COLLECTIONS
from tipoff.steps.collect.state import committed_sql
from tipoff.steps.reconcile import games_covered_sql
from tipoff_ops.corpus.checks import CHECKS

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "shared_lib" / "src"
# A part of a statement; the whole one is composed from it.
FRAGMENTS = {"inputs.sql"}
_STATEMENT = re.compile(r"\s*(--[^\n]*\n\s*)*(SELECT|WITH|INSERT|DELETE|UPDATE|MERGE|BEGIN)\b")
_OUR_DATASET = re.compile(r"\bnba_[a-z]+\.")


def product_sql() -> dict[str, str]:
    """Texts that the product runs, by where they stand."""
    files = {_place(path): path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.sql"))}
    whole = {place: text for place, text in files.items() if Path(place).name not in FRAGMENTS}
    verified = {f"tipoff_ops.corpus.checks {check.name}": check.sql() for check in CHECKS}
    composed = {"games_covered_sql": games_covered_sql(), "committed_sql": committed_sql(frozenset(COLLECTIONS))}
    return whole | verified | composed | dict(_in_python(SOURCE / "tipoff")) | dict(_in_python(SOURCE / "tipoff_ops"))


def sql_in_tests() -> dict[str, str]:
    """Texts that tests send to a warehouse, by where they stand."""
    return dict(_in_python(ROOT / "tests"))


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _in_python(folder: Path) -> Iterator[tuple[str, str]]:
    """Whole statements over our datasets; a value filled into an f-string reads `x`."""
    for path in sorted(folder.rglob("*.py")):
        for line, text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            if _STATEMENT.match(text) and _OUR_DATASET.search(text) and "{" not in text:
                yield f"{_place(path)}:{line}", text


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values]
        yield node.lineno, "".join(parts)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)
