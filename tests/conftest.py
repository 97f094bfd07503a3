"""Builds what tests read from dist/, and distributes the tests over the workers.

Tests that share a costly fixture stay together, and the longest tests go first. Without `-n` only the order matters.
"""

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from tipoff_ops.build import find_project
from tipoff_ops.build.dist import write_composed

# How fast examples are drawn says something about the machine's load and nothing about the code.
settings.register_profile("loaded", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("loaded")

# Their files share a fixture of the session (a mesh, plans, a trained bundle), which each worker would make anew.
TOGETHER = ("tests/integration/", "tests/collect/", "tests/terraform/", "tests/unit/forecast/")
# By what they took, longest first; the many short files after them fill the gaps at the end.
LONGEST = (
    "tests/integration/",
    "tests/terraform/",
    "tests/sql/test_asof.py",
    "tests/local_cloud/test_lifecycle.py",
    "tests/sql/statements/test_lint.py",
    "tests/collect/",
    "tests/unit/forecast/",
    "tests/conformance/pubsub/",
    "tests/unit/sim/",
    "tests/sql/",
    "tests/local_cloud/",
    "tests/contract/",
)


def pytest_configure(config: pytest.Config) -> None:
    """Compose tables and workflows once, before any test module is imported and before any worker starts."""
    if not hasattr(config, "workerinput"):
        write_composed(find_project())


class FolderScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Distributes files, and some folders as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        whole = next((folder for folder in TOGETHER if nodeid.startswith(folder)), None)
        return whole or str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FolderScheduling | None:
    """For `--dist loadfile`; in the order of the files, not of how many tests they hold."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return FolderScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; within a file nothing moves."""
    items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    return next((i for i, start in enumerate(LONGEST) if nodeid.startswith(start)), len(LONGEST))
