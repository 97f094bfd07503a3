"""The local warehouse starts only with the release of local-bigquery that its patches were written for."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_bigquery.jobs import query, store

import tipoff_local.bigquery
from tipoff_local.bigquery import child
from tipoff_local.bigquery.patches.private_names import PRIVATE_NAMES, PrivateNamesChanged, check
from tipoff_local.iam.access import UNRESTRICTED
from tipoff_local.usage import UsageLog

LIBRARY = "local_bigquery"
# Methods that are called on `self`, tables that SQL text names, and an attribute of a listed class.
NOT_IN_PYTHON_NAMES = {
    "sql.script.Interpreter.expression",
    "sql.script.Interpreter.block",
    "engine.database.RESOURCES",
    "sql.dialect.DuckDBDialect.generator_class",
}


def test_the_installed_release_is_the_expected_one() -> None:
    check()


def test_a_missing_name_stops_the_start_with_one_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(query, "_write")
    with pytest.raises(SystemExit) as stopped:
        child.main(tmp_path, "tipoff-tests", UNRESTRICTED, UsageLog(None, ""), 0, 0, 0)
    message = str(stopped.value)
    assert "local_bigquery.jobs.query._write is missing" in message
    assert "adapt patches/results.py" in message
    assert list(tmp_path.iterdir()) == [], "nothing was started"


def test_a_changed_name_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "load", lambda project_id, location, job_id: None)
    with pytest.raises(PrivateNamesChanged, match=r"jobs\.store\.load has parameters \(project_id, location, job_id\)"):
        check()


def test_a_changed_statement_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(cur: Any, project_id: Any, job_id: Any, config: Any, dry_run: Any = False, session: Any = None) -> Any:
        return cur.sql("SELECT table_name FROM temporary_tables()")

    monkeypatch.setattr(query, "execute", execute)
    with pytest.raises(PrivateNamesChanged, match=r"jobs\.query\.execute no longer contains"):
        check()


def test_the_table_lists_every_name_of_the_library_that_is_used() -> None:
    """A patch whose name is not in the table would fail in the middle of a request, not at the start."""
    sources = Path(tipoff_local.bigquery.__file__).parent.rglob("*.py")
    used = {name for source in sources for name in names_used(ast.parse(source.read_text()))}
    assert {entry.name for entry in PRIVATE_NAMES} - NOT_IN_PYTHON_NAMES == used


def names_used(tree: ast.Module) -> Iterator[str]:
    """Dotted names below `local_bigquery`: what is imported, or for an imported module what is read or set on it."""
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}".removeprefix(f"{LIBRARY}.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == LIBRARY
        for alias in node.names
    }
    chains = [chain(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    for local, name in imported.items():
        if is_module(name):
            used = {".".join([name, *parts[1:]]) for parts in chains if parts and parts[0] == local}
            yield from (one for one in used if not any(other.startswith(f"{one}.") for other in used))
        else:
            yield name


def chain(node: ast.expr) -> list[str]:
    """The parts of `a.b.c`; none if it does not begin with a name."""
    if isinstance(node, ast.Attribute):
        before = chain(node.value)
        return [*before, node.attr] if before else []
    return [node.id] if isinstance(node, ast.Name) else []


def is_module(name: str) -> bool:
    root = Path(query.__file__).parents[1].joinpath(*name.split("."))
    return root.with_suffix(".py").exists() or root.is_dir()
