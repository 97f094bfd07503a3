"""One running mesh per session (per xdist worker): every server, every function as its zip, every resource.

Tests that share it use objects and dates of their own; none may need an empty warehouse.
"""

from collections.abc import Iterator

import pytest
from tests.integration.played_league import FailpointHost, Played, failpoint_host, play

from tipoff_ops.build import find_project
from tipoff_ops.local.cloud import LocalMesh, running


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalMesh]:
    """The whole local cloud; other tests keep the second processor busy, so DuckDB need not look for work with it."""
    folder = tmp_path_factory.mktemp("mesh")
    with running(find_project(), folder, warehouse_threads=1) as started:
        yield started
    logs = [log for log in folder.rglob("*.log") if "Fatal Python error" in log.read_text(errors="replace")]
    assert logs == [], "a process crashed, and redelivery would have hidden it"


@pytest.fixture(scope="session")
def failpoints(mesh: LocalMesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FailpointHost]:
    """Functions that crash at chosen failpoints."""
    with failpoint_host(mesh, tmp_path_factory.mktemp("failpoints")) as started:
        yield started


@pytest.fixture(scope="session")
def played(mesh: LocalMesh, failpoints: FailpointHost) -> Played:
    """The league after its last day."""
    # `failpoints` starts first: it needs the zips of this mesh, and a later build may replace them.
    assert failpoints.mesh is mesh
    return play(mesh)
