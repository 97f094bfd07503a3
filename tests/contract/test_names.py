"""Names live in mesh.yaml (pitfalls 1 and 8): no literal, no default, and a start that lists every gap."""

import ast
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import yaml

from tests.contract.house import ROOT, Module, mains, modules
from tipoff.core.errors import ConfigInvalid
from tipoff.runtime import settings
from tipoff.runtime.settings import Endpoints, IngestSettings, Settings, load

MESH = yaml.safe_load((ROOT / "terraform" / "mesh.yaml").read_text(encoding="utf-8"))
KINDS = ("topics", "subscriptions", "buckets", "datasets", "workflows", "schedules")


def names_of_resources() -> set[str]:
    """Keys that could only be meant as names: those with a hyphen or underscore, and all services and datasets."""
    keys = {key for kind in KINDS for key in MESH[kind]}
    services = {function["service"] for function in MESH["functions"].values()}
    return {key for key in keys if "-" in key or "_" in key} | services


def literals(module: Module) -> set[str]:
    """String constants that are values: docstrings are not."""
    docstrings = {
        id(node.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    }


@pytest.mark.parametrize(
    "module",
    [m for m in (*modules(), *mains()) if m.name.split(".")[0] in ("tipoff", "functions")],
    ids=lambda m: m.name,
)
def test_no_resource_is_named_in_python(module: Module) -> None:
    spelled = literals(module)
    wanted = names_of_resources() - {"dead_letter", "predict_start"}
    assert not spelled & wanted
    assert not [text for text in spelled for name in MESH["topics"] if text.startswith(f"{name}-") and "-" in name]


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.yaml")), ids=lambda p: p.name)
def test_no_resource_is_named_in_a_workflow(path: Path) -> None:
    code = "\n".join(line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
    assert not [name for name in names_of_resources() if name in code]


SETTINGS = [kind for kind in vars(settings).values() if isinstance(kind, type) and issubclass(kind, Settings)]


@pytest.mark.parametrize("kind", SETTINGS, ids=lambda k: k.__name__)
def test_only_a_local_endpoint_has_a_default(kind: type[Settings]) -> None:
    optional = {field.name for field in fields(kind) if field.default is not MISSING}
    assert optional == {field.name for field in fields(Endpoints)}


def test_a_start_with_missing_names_lists_all_of_them() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(IngestSettings, {"PROJECT_ID": "p", "TOPIC_ALERTS": ""})
    for name in ("BUCKET_LANDING", "TOPIC_RAW_READY", "TOPIC_ALERTS", "RELEASE"):
        assert name in caught.value.message
    assert "PROJECT_ID" not in caught.value.message


def test_every_event_that_an_alert_counts_is_said_by_a_function() -> None:
    """Pitfall 8: an alert on what nobody logs is silent for ever."""
    said = set().union(*(literals(module) for module in modules()))
    assert {metric["event"] for metric in MESH["log_metrics"].values()} <= said
