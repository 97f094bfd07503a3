"""The steps of `make tf-check`, each a test: terraform itself, the real provider's schema, checkov. No cloud."""

import json
import os
import shutil
from pathlib import Path

import gate
import pytest
import toolbox
from toolbox import REPOSITORY as ROOT
from toolbox import GateError, Terraform
from workspace import ENVIRONMENTS, Workspace


def test_hcl_is_in_canonical_style(terraform: Terraform, workspace: Workspace) -> None:
    gate.fmt(terraform, workspace)


def test_mesh_yaml_is_valid_and_schedules_fire_in_their_windows(workspace: Workspace) -> None:
    gate.check_catalogue(workspace)


def test_terraform_test_passes(terraform: Terraform, workspace: Workspace) -> None:
    assert "0 failed" in gate.module_tests(terraform, workspace)


def test_lock_files_are_of_the_real_provider(workspace: Workspace) -> None:
    gate.check_locks(workspace, ROOT)


@pytest.mark.parametrize("made", ["by the stand-in here", "by a stand-in elsewhere"])
def test_a_lock_of_the_stand_in_is_refused(workspace: Workspace, tmp_path: Path, made: str) -> None:
    lock = (workspace.environment("dev") / gate.LOCK).read_text()
    kept = tmp_path / "terraform" / "environments" / "dev" / gate.LOCK
    kept.parent.mkdir(parents=True)
    kept.write_text(lock if made.endswith("here") else lock.replace("h1:", "h1:elsewhere"))
    with pytest.raises(GateError, match=r"dev/\.terraform\.lock\.hcl is not of the real provider"):
        gate.check_locks(workspace, tmp_path)
    kept.write_text(lock.replace("h1:", "zh:real"))
    gate.check_locks(workspace, tmp_path)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_valid(terraform: Terraform, workspace: Workspace, environment: str) -> None:
    gate.validate(terraform, workspace, environment)


def test_security_defaults_hold() -> None:
    gate.checkov(ROOT / "terraform")


def test_the_stand_in_refuses_to_apply(terraform: Terraform, workspace: Workspace) -> None:
    gate.refusal(terraform, workspace, "dev")


def test_without_terraform_the_gate_names_the_version_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(GateError, match=r"terraform >= 1\.9 is wanted"):
        toolbox.terraform.__wrapped__()


def test_an_old_terraform_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "terraform"
    old.write_text('#!/bin/sh\necho \'{"terraform_version": "1.5.7", "platform": "linux_amd64"}\'\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(GateError, match=r"is wanted .* is 1\.5\.7"):
        toolbox.terraform.__wrapped__()


def test_the_schema_says_where_it_comes_from() -> None:
    document = json.loads((ROOT / "tools" / "terraform" / "google_schema.json").read_bytes())
    listed = (ROOT / "tools" / "terraform" / "resources.txt").read_text().split("\n")
    assert document["provider_version"] == "8.7.0"
    assert "MPL-2.0" in document["origin"]
    served = [*document["resource_schemas"], *(f"data.{name}" for name in document["data_source_schemas"])]
    assert sorted(served) == sorted(n for n in listed if n and not n.startswith("#"))
    assert "description" not in json.dumps(
        document["resource_schemas"]["google_workflows_workflow"]["block"]["block_types"]
    )


@pytest.mark.parametrize(
    ("resource", "required"),
    [
        # Required arguments of 8.7.0, as the provider's documentation lists them.
        ("google_storage_bucket", {"name", "location"}),
        ("google_storage_notification", {"bucket", "topic", "payload_format"}),
        ("google_pubsub_subscription", {"name", "topic"}),
        ("google_bigquery_routine", {"dataset_id", "routine_id", "routine_type", "definition_body"}),
        ("google_workflows_workflow", {"source_contents"}),
        ("google_eventarc_trigger", {"name", "location", "destination", "matching_criteria"}),
        ("google_secret_manager_secret", {"secret_id", "replication"}),
        ("google_monitoring_alert_policy", {"display_name", "combiner", "conditions"}),
        ("google_billing_budget", {"billing_account", "amount"}),
    ],
)
def test_the_extracted_schema_demands_what_the_provider_demands(resource: str, required: set[str]) -> None:
    document = json.loads((ROOT / "tools" / "terraform" / "google_schema.json").read_bytes())
    block = document["resource_schemas"][resource]["block"]
    demanded = {name for name, spec in block["attributes"].items() if spec.get("required")}
    demanded |= {name for name, spec in block.get("block_types", {}).items() if spec.get("min_items")}
    assert demanded == required


@pytest.mark.slow
def test_the_schema_equals_the_bindings(tmp_path: Path) -> None:
    """Downloads 67 MB: the committed document is what extract_schema.py derives from the package it names."""
    import extract_schema

    derived = extract_schema.document(extract_schema.download(tmp_path))
    assert derived == json.loads((ROOT / "tools" / "terraform" / "google_schema.json").read_bytes())
