"""The gate's own modules, an attached terraform, and one plan per environment for all tests of a worker."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "terraform"))

import gate  # noqa: E402
from rules import Case  # noqa: E402
from toolbox import Terraform  # noqa: E402
from workspace import ENVIRONMENTS, Workspace  # noqa: E402


@pytest.fixture(scope="session")
def prepared() -> Iterator[tuple[Terraform, Workspace]]:
    with gate.prepared() as ready:
        yield ready


@pytest.fixture(scope="session")
def terraform(prepared: tuple[Terraform, Workspace]) -> Terraform:
    return prepared[0]


@pytest.fixture(scope="session")
def workspace(prepared: tuple[Terraform, Workspace]) -> Workspace:
    return prepared[1]


@pytest.fixture(scope="session")
def cases(terraform: Terraform, workspace: Workspace) -> dict[str, Case]:
    return {name: gate.case(terraform, workspace, name) for name in ENVIRONMENTS}
