"""Makes the small documents of this room importable, and finds the corpus where there is one."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus folder; tests that need it are skipped where there is none."""
    default = HERE.parents[3] / "shared" / "corpus"
    folder = Path(os.environ.get("TIPOFF_CORPUS", str(default)))
    if not (folder / "expected_outcomes.csv").exists():
        pytest.skip("no corpus here")
    return folder
