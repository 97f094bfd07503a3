"""A gate that cannot fail is no gate: each entry of bites.yaml breaks one thing, and its step must say why."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import gate
import pytest
import yaml
from limits import RULES
from toolbox import GateError, Terraform
from workspace import TABLES, Workspace

KEPT = {"nbac_schedule", "nbac_schedule_history"}


@dataclass(frozen=True)
class Bite:
    """One fault: a passage of a file is replaced, and a step must say why that is wrong."""

    name: str
    file: str
    find: str
    replace: str
    step: str
    why: str


BITES = [Bite(**entry) for entry in yaml.safe_load(Path(__file__).with_name("bites.yaml").read_text("utf-8"))]


def complaint(bite: Bite, terraform: Terraform, broken: Workspace) -> str:
    """What the step named by the bite has to say of the broken workspace; empty if it noticed nothing."""
    try:
        if bite.step == "fmt":
            gate.fmt(terraform, broken)
        elif bite.step == "catalogue":
            gate.check_catalogue(broken)
        elif bite.step == "checkov":
            gate.checkov(broken.alone(bite.file))
        elif bite.step == "validate":
            gate.validate(terraform, broken, "dev")
        else:
            return "\n".join(RULES[bite.step](gate.case(terraform, broken, "dev")))
    except GateError as error:
        return re.sub(r"\s+", " ", str(error))
    return ""


@pytest.fixture(scope="module")
def small(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace with two table folders instead of all: a plan takes half the time."""
    copied = workspace.copy(tmp_path_factory.mktemp("bites") / "small")
    for folder in (copied.root / TABLES).glob("*/*"):
        if folder.name not in KEPT:
            shutil.rmtree(folder)
    return copied


def test_the_unbroken_workspace_passes(terraform: Terraform, small: Workspace) -> None:
    """Otherwise the bites below would prove nothing."""
    gate.validate(terraform, small, "dev")
    assert gate.broken_rules(gate.case(terraform, small, "dev")) == []


@pytest.mark.parametrize("bite", BITES, ids=lambda bite: f"{bite.step}: {bite.name}")
def test_a_planted_fault_is_reported(bite: Bite, terraform: Terraform, small: Workspace, tmp_path: Path) -> None:
    broken = small.copy(tmp_path / "broken")
    broken.edit(bite.file, bite.find, bite.replace)
    assert re.search(bite.why, complaint(bite, terraform, broken)), complaint(bite, terraform, broken)
    shutil.rmtree(broken.root)
