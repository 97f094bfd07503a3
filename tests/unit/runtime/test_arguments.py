"""Every endpoint refuses every bad value with 400, the field and the rule, before its step runs.

The endpoints are those of functions/*/main.py, and the fields those of their bodies.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from flask import Flask, request
from tests.contract.source_tree import ROOT

from tipoff.runtime.boundary import Function, Route
from tipoff.runtime.settings import FunctionSettings
from tipoff_local import mesh as meshes

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py"))
BODIES = [b"", b"null", b"[]", b'"text"', b"{", b"\xff", b"[" * 100_000]
DATES = [1, True, "", "yesterday-ish", "2024-13-45", "0001-01-01", "9999-12-31", "1945-01-01", "2024-1-1"]
INSTANTS = [1, "", "now", "2024-12-01T12:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-12-01"]
VALUES: Mapping[type, list[Any]] = {
    date: DATES,
    datetime: INSTANTS,
    int: ["1", 1.5, True, [], 10**30],
    float: ["1", True, -1.0, 1e9],
    bool: [1, "true", []],
    str: [1, True, [], "x" * 2000],
    tuple: ["text", 1, [1], ["x" * 2000]],
}
# What the type of a field does not tell.
OF_FIELD: Mapping[str, list[Any]] = {
    "lead_minutes": [0, -30, 1_000_000, 2**31],
    "page_days": [0, -1, 2**31],
    "max_requests": [-1, 2**31],
    "analysis_date": ["0001-01-01", "9999-12-31", "2024-13-45", "soon"],
    "target_date": ["0001-01-01", "9999-12-31", "2024-13-45", "soon"],
    "gamedate": ["0001-01-01", "9999-12-31", "2024-13-45", "soon"],
    "batch_id": ["soon", "batch_2024-13-45_1", "batch_0001-01-01_1"],
    "digest": ["", "abc", "x" * 64, "' OR 1=1"],
    "to_step": ["nothing"],
}
GOOD: Mapping[str, Any] = {
    "start_date": "2024-12-01",
    "end_date": "2024-12-02",
    "analysis_date": "2024-12-01",
    "game_date": "2024-12-01",
    "cutoff_date": "2024-12-01",
    "source": "nbac_boxscore",
    "digest": "0" * 64,
}

type Loaded = Function[FunctionSettings, Any]


class StepRan(Exception):
    """A step was reached."""


class Refusing:
    """The clock of a step, whose services must not be called."""

    def __getattr__(self, name: str) -> Any:
        if name == "clock":
            return lambda: datetime.fromisoformat("2024-12-20T12:00:00+00:00")
        raise StepRan(name)


@cache
def loaded(name: str) -> Function[FunctionSettings, Any]:
    spec = importlib.util.spec_from_file_location(f"main_{name}", ROOT / "functions" / name / "main.py")
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Function[FunctionSettings, Any] = module.function
    return found


@pytest.fixture(scope="module")
def functions() -> Iterator[dict[str, Loaded]]:
    mesh = meshes.load(ROOT / "terraform" / "mesh.yaml")
    names = meshes.resolve(mesh, "tipoff-test", "1", "local")
    patch = pytest.MonkeyPatch()
    for function in names.functions.values():
        for name, value in function.env.items():
            patch.setenv(name, value)
    for name in ("SECRET_ODDS_API_KEY", "SECRET_BALLDONTLIE_KEY"):
        patch.setenv(name, "none")
    patch.setattr("tipoff.runtime.log.setup", lambda: None)
    sys.dont_write_bytecode = True
    yield {name: loaded(name) for name in FUNCTIONS}
    patch.undo()


def kind_of(annotation: object) -> type | None:
    """The plain type of a field: that of `int`, `Annotated[int, ...]`, `int | None`, or an alias of one of them."""
    value = getattr(annotation, "__value__", annotation)
    if isinstance(value, type):
        return value if value in VALUES else None
    if get_origin(value) in VALUES:
        return get_origin(value)
    return next((kind for each in get_args(value) if (kind := kind_of(each)) is not None), None)


def bad_bodies(route: Route[Any]) -> Iterator[tuple[str, bytes]]:
    """Bodies that break one rule each, with the field that the refusal must name."""
    hints = get_type_hints(route.body, include_extras=True)
    good = {name: GOOD[name] for name in hints if name in GOOD}
    if any(field.required for field in msgspec.structs.fields(route.body)):
        yield from ((("", body)) for body in BODIES)
    else:
        yield from ((("", body)) for body in BODIES[1:])
    for name, annotation in hints.items():
        kind = kind_of(annotation)
        for value in [*(VALUES[kind] if kind else []), *OF_FIELD.get(name, [])]:
            yield name, json.dumps(good | {name: value}).encode()
    if {"start_date", "end_date"} <= hints.keys():
        yield "end_date", json.dumps(good | {"start_date": "2024-12-02", "end_date": "2024-12-01"}).encode()
        yield "end_date", json.dumps(good | {"start_date": "1950-01-01", "end_date": "2024-12-01"}).encode()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_bad_value_is_refused_with_its_field(functions: dict[str, Loaded], name: str) -> None:
    function = functions[name]
    function._context = Refusing()
    app = Flask(name)
    app.add_url_rule("/<path:path>", "any", lambda path: function.answer(request), methods=["GET", "POST"])
    client = app.test_client()
    wrong = []
    for route in function.routes:
        for field, body in bad_bodies(route):
            answer = client.open(route.path, method=route.method, data=body)
            message = (answer.json or {}).get("message", "")
            if answer.status_code != 400 or field not in message:
                wrong.append((route.path, body[:80], answer.status_code, message))
    assert not wrong


def test_a_request_without_a_body_takes_the_query(functions: dict[str, Loaded]) -> None:
    function = functions["grade"]
    seen: list[Any] = []

    def step(_: Any, body: Any) -> Any:
        seen.append(body)
        return body

    route = Route[Any]("POST", "/grade", function.routes[0].body, step)
    tested = Function(name="grade", settings=function.settings, open_context=lambda _: Refusing(), routes=(route,))
    app = Flask("grade")
    app.add_url_rule("/grade", "any", lambda: tested.answer(request), methods=["POST"])
    assert app.test_client().post("/grade?target_date=AUTO&force=true").status_code == 200
    assert [(body.target_date, body.force) for body in seen] == [("AUTO", True)]
