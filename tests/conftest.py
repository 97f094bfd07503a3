"""Which tests share a worker: those that share a costly fixture run on one, so that it is made once."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
TOGETHER = {"sql": "sql", "integration": "mesh", "terraform": "terraform", "conformance": "peers"}


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each folder of `TOGETHER` into a group of its own, every other file into one by its name."""
    for item in items:
        parts = item.path.relative_to(ROOT).parts
        item.add_marker(pytest.mark.xdist_group(TOGETHER.get(parts[0], "/".join(parts))))
