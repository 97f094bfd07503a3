"""Names live in mesh.yaml (docs/pitfalls.md#1 and #8): no literal, no default, and a start that lists every gap."""

import ast
from dataclasses import MISSING, fields

import pytest
import yaml

from tests.contract.source_tree import ROOT, Module, mains, modules
from tipoff.core.errors import ConfigInvalid
from tipoff.runtime import settings
from tipoff.runtime.settings import Endpoints, IngestSettings, Settings, load
from tipoff.sources import KEYS

MESH = yaml.safe_load((ROOT / "terraform" / "mesh.yaml").read_text(encoding="utf-8"))
KINDS = ("topics", "subscriptions", "buckets", "datasets", "workflows", "schedules")


def names_of_resources() -> set[str]:
    """Keys with a hyphen or underscore, and all services and datasets. Other keys are ordinary words."""
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


def test_no_resource_is_named_in_python() -> None:
    wanted = names_of_resources() - {"dead_letter", "predict_start"}
    starts = tuple(f"{name}-" for name in MESH["topics"])
    deployed = (module for module in (*modules(), *mains()) if module.name.split(".")[0] in ("tipoff", "functions"))
    found = [
        (module.name, text)
        for module in deployed
        for text in literals(module)
        if text in wanted or text.startswith(starts)
    ]
    assert found == []


def test_no_resource_is_named_in_a_workflow() -> None:
    found = [
        (path.name, name)
        for path in sorted((ROOT / "workflows").rglob("*.yaml"))
        for name in names_of_resources()
        if name in "\n".join(line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
    ]
    assert found == []


SETTINGS = [kind for kind in vars(settings).values() if isinstance(kind, type) and issubclass(kind, Settings)]


def test_only_a_local_endpoint_has_a_default() -> None:
    endpoints = {field.name for field in fields(Endpoints)}
    found = {kind.__name__: {f.name for f in fields(kind) if f.default is not MISSING} for kind in SETTINGS}
    assert {name: optional for name, optional in found.items() if optional != endpoints} == {}


def test_a_start_with_missing_names_lists_all_of_them() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(IngestSettings, {"PROJECT_ID": "p", "TOPIC_ALERTS": ""})
    for name in ("BUCKET_LANDING", "TOPIC_RAW_READY", "TOPIC_ALERTS", "RELEASE"):
        assert name in caught.value.message
    assert "PROJECT_ID" not in caught.value.message


def test_every_event_that_an_alert_counts_is_logged_by_a_function() -> None:
    """Otherwise the alert never fires (docs/pitfalls.md#8)."""
    logged = set().union(*(literals(module) for module in modules()))
    assert {metric["event"] for metric in MESH["log_metrics"].values()} <= logged


def test_collect_may_read_the_key_of_every_source() -> None:
    secrets = {name.replace("-", "_") for name in MESH["functions"]["collect"]["may"]["secrets"]}
    assert {key.name for key in KEYS} == secrets
