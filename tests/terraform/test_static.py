"""The code uses what mesh.yaml grants it: no name beside it, and no grant that nobody needs. Read from syntax trees."""

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path

import catalogue
import pytest
from toolbox import REPOSITORY as ROOT

from tipoff import tables
from tipoff.runtime import settings
from tipoff_local import mesh

SOURCES = ROOT / "shared_lib" / "src"
PAGE = catalogue.load(ROOT)
NAMES = mesh.resolve(mesh.load(ROOT / "terraform" / "mesh.yaml"), "project", "1", "dev")
BASE = {field.name for field in dataclasses.fields(settings.Settings)}
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py"))


def settings_class(function: str) -> type[settings.Settings]:
    """`predict_start` is told by PredictStartSettings."""
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


@pytest.mark.parametrize("function", sorted(PAGE["functions"]))
def test_a_function_gets_exactly_the_variables_its_settings_demand(function: str) -> None:
    """Pitfall: a coordinator that defaulted to a topic which was never deployed lost 66 requests."""
    demanded = {
        field.name.upper()
        for field in dataclasses.fields(settings_class(function))
        if field.default is dataclasses.MISSING
    }
    assert demanded == set(NAMES.functions[function].env)


@pytest.mark.parametrize("function", sorted(PAGE["functions"]))
def test_names_of_resources_have_no_defaults(function: str) -> None:
    optional = {f.name for f in dataclasses.fields(settings_class(function)) if f.default is not dataclasses.MISSING}
    assert optional == {field.name for field in dataclasses.fields(settings.Endpoints)}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_uses_every_name_it_is_granted_and_no_other(function: str) -> None:
    kind = settings_class(function)
    demanded = {field.name for field in dataclasses.fields(kind)} - BASE
    used: set[str] = set()
    for path in reachable(ROOT / "functions" / function / "main.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef):
                used |= _fields_used(node, kind.__name__)
    assert used - BASE == demanded


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


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_names_itself_as_the_page_does(function: str) -> None:
    main = tree(ROOT / "functions" / function / "main.py")
    calls = [node for node in ast.walk(main) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Function"]
    stated = [{k.arg: ast.unparse(k.value) for k in call.keywords} for call in calls]
    assert [(s["name"].strip("'\""), s["settings"]) for s in stated] == [(function, settings_class(function).__name__)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_names_no_table_beyond_its_datasets(function: str) -> None:
    """Tables are named by `tables.get("...")`; queries by the stem of a file beside the steps."""
    queries = {path.stem: path for path in (SOURCES / "tipoff/steps/queries").glob("*.sql")}
    reached: set[str] = set()
    for path in reachable(ROOT / "functions" / function / "main.py"):
        if path.is_relative_to(SOURCES / "tipoff/steps"):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                    reached |= _datasets_of(ast.unparse(node.func), str(node.args[0].value), queries)
    assert reached <= granted_datasets(function)


def _datasets_of(call: str, name: str, queries: dict[str, Path]) -> set[str]:
    if call == "tables.get":
        return {tables.get(name).dataset}
    if call == "tables.landing":
        return {tables.landing(name).dataset}
    if call.rpartition(".")[2] == "load" and name in queries:
        return set(re.findall(rf"\b({'|'.join(PAGE['datasets'])})\.\w+", queries[name].read_text()))
    return set()


@pytest.mark.parametrize("table", [t for t in tables.all_tables() if t.kind == "derived"], ids=lambda t: t.full_name)
def test_the_builder_of_a_table_may_write_it_and_read_its_inputs(table: tables.Table) -> None:
    may = PAGE["functions"][table.spec.owner]["may"]
    assert table.dataset in may["write_datasets"]
    sql = re.sub(r"--[^\n]*", "", table.sql("query.sql"))
    read = set(re.findall(rf"\b({'|'.join(PAGE['datasets'])})\.\w+", sql))
    assert read <= granted_datasets(table.spec.owner)


@pytest.mark.parametrize(
    "table", [t for t in tables.all_tables() if t.kind in ("log", "landing")], ids=lambda t: t.full_name
)
def test_the_owner_of_a_log_may_write_it(table: tables.Table) -> None:
    owners = re.split(r"[,\s]+", table.spec.owner)
    assert all(table.dataset in PAGE["functions"][owner]["may"]["write_datasets"] for owner in owners)


def test_no_module_spells_a_name_of_the_page() -> None:
    """Names reach the code through its settings only; words that are also ordinary words are not looked for."""
    spelled = {key for kind in ("topics", "subscriptions") for key in PAGE[kind] if "-" in key} | set(PAGE["datasets"])
    spelled |= {entry["service"] for entry in PAGE["functions"].values()}
    files = [*(SOURCES / "tipoff").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    found = {
        f"{path.relative_to(ROOT)}: {node.value!r}"
        for path in files
        if not path.is_relative_to(SOURCES / "tipoff/tables")  # a table folder is named by its dataset
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in spelled
    }
    assert found == set()


def test_every_receipt_carries_its_release() -> None:
    """Which code wrote a row is a column of each operations log, and a variable of each function."""
    logs = [table for table in tables.all_tables() if table.kind == "log" and table.dataset == "nba_ops"]
    assert logs
    assert all("release" in table.column_names for table in logs)
    assert all("RELEASE" in function.env for function in NAMES.functions.values())
