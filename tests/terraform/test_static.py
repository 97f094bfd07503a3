"""The code uses what mesh.yaml grants it: no name beside it, and no grant that nobody needs. Read from syntax trees."""

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path

import catalogue
from toolbox import REPOSITORY as ROOT

from tipoff import sources, tables
from tipoff.runtime import settings
from tipoff_local import mesh

SOURCES = ROOT / "shared_lib" / "src"
PAGE = catalogue.load(ROOT)
NAMES = mesh.resolve(mesh.load(ROOT / "terraform" / "mesh.yaml"), "project", "1", "dev")
BASE = {field.name for field in dataclasses.fields(settings.Settings)}
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py"))


def settings_class(function: str) -> type[settings.Settings]:
    """`PredictStartSettings` for `predict_start`."""
    name = "".join(part.capitalize() for part in function.split("_")) + "Settings"
    found = getattr(settings, name)
    assert isinstance(found, type)
    assert issubclass(found, settings.Settings)
    return found


def granted_datasets(function: str) -> set[str]:
    may = PAGE["functions"][function]["may"]
    return {*may.get("read_datasets", ()), *may.get("write_datasets", ())}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def module_path(name: str) -> Path | None:
    """The file of a module of ours."""
    path = SOURCES / name.replace(".", "/")
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def imported(path: Path) -> set[Path]:
    """The modules of ours that a file imports."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {found for name in names if name.startswith("tipoff") for found in [module_path(name)] if found}


def reachable(start: Path) -> set[Path]:
    """All files of ours that a main.py can reach."""
    seen: set[Path] = set()
    todo = [start]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += imported(path)
    return seen


def test_functions_of_mesh_yaml_and_folders_are_the_same() -> None:
    assert sorted(PAGE["functions"]) == FUNCTIONS


def test_a_function_gets_exactly_the_variables_its_settings_demand() -> None:
    """A default once named a topic that was never deployed (docs/pitfalls.md#1)."""
    found = {function: (demanded(function), set(NAMES.functions[function].env)) for function in PAGE["functions"]}
    assert {function: sets for function, sets in found.items() if sets[0] != sets[1]} == {}


def demanded(function: str) -> set[str]:
    """Variables without a default, by the settings class of a function."""
    fields = dataclasses.fields(settings_class(function))
    names = {field.name for field in fields if field.default is dataclasses.MISSING}
    keys = {f"{settings.SECRET_PREFIX}{key.name.upper()}" for key in sources.KEYS} if "secrets" in names else set()
    return {name.upper() for name in names - {"secrets"}} | keys


def test_a_function_uses_every_name_it_is_granted_and_no_other() -> None:
    found = {function: (used(function), _own_fields(function)) for function in FUNCTIONS}
    assert {function: sets for function, sets in found.items() if sets[0] != sets[1]} == {}


def _own_fields(function: str) -> set[str]:
    return {field.name for field in dataclasses.fields(settings_class(function))} - BASE


def used(function: str) -> set[str]:
    """The fields of its own settings that the code of a function reads."""
    nodes = (node for path in reachable(main_of(function)) for node in ast.walk(tree(path)))
    name = settings_class(function).__name__
    return {field for node in nodes if isinstance(node, ast.FunctionDef) for field in _fields_used(node, name)} - BASE


def main_of(function: str) -> Path:
    return ROOT / "functions" / function / "main.py"


def _fields_used(node: ast.FunctionDef, class_name: str) -> set[str]:
    """Attributes read from the parameters of a function that are annotated with a settings class."""
    told = {
        argument.arg
        for argument in [*node.args.args, *node.args.kwonlyargs]
        if argument.annotation and re.search(rf"\b{class_name}\b", ast.unparse(argument.annotation))
    }
    return {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id in told
    }


def test_a_function_has_the_name_and_settings_that_mesh_yaml_gives_it() -> None:
    assert {function: stated(function) for function in FUNCTIONS} == {
        function: [(function, settings_class(function).__name__)] for function in FUNCTIONS
    }


def stated(function: str) -> list[tuple[str, str]]:
    """Name and settings of each `Function(...)` in a main.py."""
    nodes = ast.walk(tree(main_of(function)))
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "Function"]
    keywords = [{k.arg: ast.unparse(k.value) for k in call.keywords} for call in calls]
    return [(found["name"].strip("'\""), found["settings"]) for found in keywords]


def test_a_function_names_no_table_beyond_its_datasets() -> None:
    beyond = {function: datasets_reached(function) - granted_datasets(function) for function in FUNCTIONS}
    assert {function: datasets for function, datasets in beyond.items() if datasets} == {}


def datasets_reached(function: str) -> set[str]:
    """Tables are named by `tables.get("...")`; queries by the stem of a file beside the steps."""
    queries = {path.stem: path for path in (SOURCES / "tipoff/steps/queries").glob("*.sql")}
    steps = [path for path in reachable(main_of(function)) if path.is_relative_to(SOURCES / "tipoff/steps")]
    return {
        dataset
        for path in steps
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
        for dataset in _datasets_of(ast.unparse(node.func), str(node.args[0].value), queries)
    }


def _datasets_of(call: str, name: str, queries: dict[str, Path]) -> set[str]:
    if call == "tables.get":
        return {tables.get(name).dataset}
    if call == "tables.landing":
        return {tables.landing(name).dataset}
    if call.rpartition(".")[2] == "load" and name in queries:
        return set(re.findall(rf"\b({'|'.join(PAGE['datasets'])})\.\w+", queries[name].read_text()))
    return set()


def test_the_builder_of_a_table_may_write_it_and_read_its_inputs() -> None:
    derived = [table for table in tables.all_tables() if table.kind == "derived"]
    lacking = {table.full_name: needed(table) - granted_datasets(table.spec.owner) for table in derived}
    assert {name: datasets for name, datasets in lacking.items() if datasets} == {}
    assert [table.full_name for table in derived if not writes(table.spec.owner, table.dataset)] == []


def needed(table: tables.Table) -> set[str]:
    """Datasets that the query of a table reads."""
    sql = re.sub(r"--[^\n]*", "", table.sql("query.sql"))
    return set(re.findall(rf"\b({'|'.join(PAGE['datasets'])})\.\w+", sql))


def writes(function: str, dataset: str) -> bool:
    return dataset in PAGE["functions"][function]["may"]["write_datasets"]


def test_the_owners_of_a_log_may_write_it() -> None:
    logs = [table for table in tables.all_tables() if table.kind in ("log", "landing")]
    owned = [
        (table.full_name, owner, table.dataset) for table in logs for owner in re.split(r"[,\s]+", table.spec.owner)
    ]
    assert [one for one in owned if not writes(one[1], one[2])] == []


def test_every_receipt_carries_its_release() -> None:
    """Which code wrote a row is a column of each operations log, and a variable of each function."""
    logs = [table for table in tables.all_tables() if table.kind == "log" and table.dataset == "nba_ops"]
    assert logs
    assert all("release" in table.column_names for table in logs)
    assert all("RELEASE" in function.env for function in NAMES.functions.values())
