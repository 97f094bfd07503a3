"""One running mesh per session (per xdist worker): every server, every function as its zip, every resource.

Tests that share it use objects and dates of their own; none may need an empty warehouse.
"""

from collections.abc import Iterator

import pytest

from tipoff_ops.build import find_project
from tipoff_ops.local import LocalMesh, running


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalMesh]:
    """The whole local cloud."""
    with running(find_project(), tmp_path_factory.mktemp("mesh")) as started:
        yield started
