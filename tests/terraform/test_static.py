"""The code uses what mesh.yaml grants it: no name beside it, and no grant that nobody needs. Read from syntax trees."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import catalogue
from toolbox import REPOSITORY as ROOT

from tipoff import sources, tables
from tipoff.runtime import settings
from tipoff.steps.rebuild.identity import reads_predictions
from tipoff.steps.rebuild.process import owned
from tipoff_local import mesh

SOURCES = ROOT / "shared_lib" / "src"
PAGE = catalogue.load(ROOT)
NAMES = mesh.resolve(mesh.load(ROOT / "terraform" / "mesh.yaml"), "project", "1", "dev")
# `threads` is read by functions-framework and by the boundary.
BASE = {field.name for field in dataclasses.fields(settings.Settings)} | {"threads"}
# `wanted` are tables that the function owns.
GUARD = f"any(({reads_predictions.__name__}(table) for table in wanted))"
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py"))


def settings_class(function: str) -> type[settings.FunctionSettings]:
    """`PredictStartSettings` for `predict_start`."""
    name = "".join(part.capitalize() for part in function.split("_")) + "Settings"
    found = getattr(settings, name)
    assert isinstance(found, type)
    assert issubclass(found, settings.FunctionSettings)
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
    """The fields of its own settings that the code of a function reads, itself or by a client that it uses.

    A client reads names too: `warehouse` every dataset, and `ops.alert` the topic of alerts. The boundary raises an
    alert for a message that a function refuses.
    """
    wirings = wirings_of(function)
    clients = {node.name: node for each in wirings.values() for node in each.body if isinstance(node, ast.FunctionDef)}
    names = {*wirings, settings_class(function).__name__}
    nodes = (node for path in reachable(main_of(function)) for node in ast.walk(tree(path)))
    todo = {read for node in nodes if isinstance(node, ast.FunctionDef) for read in _read(node, _told(node, names))}
    todo.add("ops")
    seen: set[str] = set()
    while todo:
        seen |= todo
        todo = {read for name in todo & clients.keys() for read in _read(clients[name], {"self"})} - seen
    fields = {name.removeprefix("settings.") for name in seen if name.startswith("settings.")} - BASE
    if "datasets" in fields:
        fields |= {name for name in _own_fields(function) if name.startswith("dataset_")}
    if "ops.alert" in seen or any(each.declared.function == function for each in NAMES.subscriptions.values()):
        fields.add("topic_alerts")
    return fields - {"alerts", "datasets", "function"}


def wirings_of(function: str) -> dict[str, ast.ClassDef]:
    """The classes of clients that a function may have: the general ones, and its own."""
    nodes = (node for path in reachable(main_of(function)) for node in ast.walk(tree(path)))
    found = (node for node in nodes if isinstance(node, ast.ClassDef) and node.name.endswith("Wiring"))
    own = {settings_class(function).__name__}
    return {
        node.name: node for node in found if {*re.findall(r"\w+Settings", str([*map(ast.unparse, node.bases)]))} <= own
    }


def main_of(function: str) -> Path:
    return ROOT / "functions" / function / "main.py"


def _told(node: ast.FunctionDef, names: set[str]) -> set[str]:
    """The parameters of a function that hold its settings, or clients made from its settings."""
    arguments = [*node.args.args, *node.args.kwonlyargs]
    annotated = [(argument.arg, ast.unparse(argument.annotation)) for argument in arguments if argument.annotation]
    kinds = [(name, kind) for name, union in annotated for kind in union.split(" | ")]
    return {name for name, kind in kinds if kind in names or kind.rstrip("]").rpartition("[")[2] in names}


def _read(node: ast.FunctionDef, told: set[str]) -> set[str]:
    """What a function reads from these names: `ops` of `context.ops`, `settings.release` of `context.settings.release`.

    A parameter called `settings` holds the settings themselves.
    """
    chains = [ast.unparse(inner).split(".") for inner in ast.walk(node) if isinstance(inner, ast.Attribute)]
    return {".".join(chain[chain[0] != "settings" :][:2]) for chain in chains if chain[0] in told}


def test_a_function_has_the_name_and_settings_that_mesh_yaml_gives_it() -> None:
    assert {function: stated(function) for function in FUNCTIONS} == {
        function: [(function, settings_class(function).__name__)] for function in FUNCTIONS
    }
    assert [settings_class(function).function for function in FUNCTIONS] == FUNCTIONS


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
    """Tables are named by `tables.get("...")`; queries by their path below `steps/queries`.

    A function that builds no table of predictions does not run what `reads_predictions` guards.
    """
    root = SOURCES / "tipoff/steps/queries"
    queries = {path.relative_to(root).with_suffix("").as_posix(): path for path in root.rglob("*.sql")}
    assert queries
    steps = [path for path in reachable(main_of(function)) if path.is_relative_to(SOURCES / "tipoff/steps")]
    predictions = any(reads_predictions(table) for table in owned(function))
    return {
        dataset
        for path in steps
        for node in _run(tree(path), predictions)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
        for dataset in _datasets_of(ast.unparse(node.func), str(node.args[0].value), queries)
    }


def _run(node: ast.AST, predictions: bool) -> Iterator[ast.AST]:
    """The nodes of a file without the guard itself; those that it guards only where `predictions` is true."""
    yield node
    for child in ast.iter_child_nodes(node):
        guard = isinstance(child, ast.FunctionDef) and child.name == reads_predictions.__name__
        guarded = isinstance(child, ast.If) and not child.orelse and ast.unparse(child.test) == GUARD
        if not guard and (predictions or not guarded):
            yield from _run(child, predictions)


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
