"""No drift and least privilege: every rule holds of the plan of every environment."""

import hashlib
from collections import Counter
from pathlib import Path

import gate
import pytest
from limits import RULES
from plans import Plan
from rules import Case
from toolbox import REPOSITORY as ROOT
from toolbox import Terraform
from workspace import ENVIRONMENTS, NOT_BUILT, STAND_IN_RELEASE, Workspace


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("rule", RULES)
def test_rule(cases: dict[str, Case], rule: str, environment: str) -> None:
    assert list(RULES[rule](cases[environment])) == []


def test_only_ingest_touches_the_landing_tables(cases: dict[str, Case]) -> None:
    """nba_raw is authorised over nba_landing: everybody else asks the views."""
    landing = cases["prod"].plan.by_type("google_bigquery_dataset")["nba_landing"]
    accounts = {entry["user_by_email"].split("@")[0] for entry in landing["access"] if entry["user_by_email"]}
    views = [entry["dataset"][0]["dataset"][0]["dataset_id"] for entry in landing["access"] if entry["dataset"]]
    assert accounts == {"fn-ingest"}
    assert views == ["nba_raw"]


def test_environments_differ_in_what_they_should(cases: dict[str, Case]) -> None:
    dev, prod = (cases[name].plan for name in ("dev", "prod"))
    assert dev.project != prod.project
    assert {r.address for r in dev.resources} == {r.address for r in prod.resources}


def test_the_bucket_of_the_state_is_named_at_init(cases: dict[str, Case]) -> None:
    """A bucket in a tracked file would conflict with every upgrade."""
    backends = {
        name: (case.root / f"terraform/environments/{name}/backend.tf").read_text() for name, case in cases.items()
    }
    assert all('backend "gcs"' in text and "bucket =" not in text for text in backends.values())


def test_the_first_stage_makes_what_a_person_needs_and_nothing_that_needs_secrets(
    terraform: Terraform, workspace: Workspace
) -> None:
    target = "-target=module.mesh.terraform_data.foundation"
    made = Counter(each.type for each in Plan("dev", workspace.plan(terraform, "dev", target)).resources)
    assert set(made) == {
        "google_project_service",
        "google_service_account",
        "google_secret_manager_secret",
        "google_logging_metric",
        "google_storage_project_service_account",
        "terraform_data",
    }


def test_the_zips_of_the_plan_were_built(cases: dict[str, Case]) -> None:
    """Where a build ran, each zip that a function would run is a file of that content."""
    case = cases["dev"]
    if case.manifest["release"] == STAND_IN_RELEASE:
        pytest.skip("no dist/manifest.json: run `tipoff build`")
    missing = [key for key, entry in case.manifest["functions"].items() if entry["sha256"] == NOT_BUILT]
    assert missing == [], "not in dist/manifest.json: build again"
    for key, entry in case.manifest["functions"].items():
        built = ROOT / entry["zip"]
        assert hashlib.sha256(built.read_bytes()).hexdigest() == entry["sha256"], key
        assert entry["sha256"] in built.name


def test_a_budget_in_a_currency_of_its_own_is_refused(
    terraform: Terraform, workspace: Workspace, tmp_path: Path
) -> None:
    """Without a currency it has the one of the billing account."""
    account = "-var=billing_account=000000-000000-000000"
    assert list(RULES["budgets"](gate.case(terraform, workspace, "dev", account))) == []
    broken = workspace.copy(tmp_path / "broken")
    broken.edit(
        "terraform/modules/mesh/monitoring.tf", "units = tostring(", 'currency_code = "USD"\n      units = tostring('
    )
    assert list(RULES["budgets"](gate.case(terraform, broken, "dev", account))) == ["budget in USD"]
