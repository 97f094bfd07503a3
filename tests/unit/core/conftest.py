"""Finds the corpus where there is one."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus folder; tests that need it are skipped where there is none."""
    default = HERE.parents[3] / "shared" / "corpus"
    folder = Path(os.environ.get("TIPOFF_CORPUS", str(default)))
    if not (folder / "expected_outcomes.csv").exists():
        pytest.skip("no corpus here")
    return folder
