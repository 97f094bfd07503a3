"""The environment that a command works on: the local cloud of a folder, or a Google Cloud project."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Workflows
from tipoff.runtime.settings import Settings
from tipoff_local import mesh as meshes
from tipoff_local.mesh import Names
from tipoff_ops.build import find_project
from tipoff_ops.cli.output import fail
from tipoff_ops.local.folder import NotRunning, cloud_folder
from tipoff_ops.local.project import ENVIRONMENT, PROJECT_ID, PROJECT_NUMBER, REGION
from tipoff_ops.local.state import State

RELEASE = "operator"


@dataclass(frozen=True)
class Target:
    """One environment: how its services are reached and what its resources are called.

    Attributes:
        state: the state that the local cloud wrote; None for a Google Cloud project.
    """

    settings: Settings
    names: Names
    state: State | None = None

    @property
    def warehouse(self) -> Warehouse:
        """A BigQuery client that may append to `nba_ops`, where the progress of `reprocess` is recorded."""
        return Warehouse(self.settings, ["nba_ops"])

    @property
    def workflows(self) -> Workflows:
        """A client of Workflows."""
        return Workflows(self.settings, self.settings.region)


def local_target(state: State) -> Target:
    """The running local cloud that wrote `state`."""
    endpoints = {
        name: state.variables[name.upper()]
        for name in Settings.__dataclass_fields__
        if name.endswith("_host") and name.upper() in state.variables
    }
    settings = Settings(
        project_id=PROJECT_ID,
        project_number=PROJECT_NUMBER,
        region=REGION,
        environment=ENVIRONMENT,
        release=RELEASE,
        **endpoints,
    )
    return Target(settings, _names(PROJECT_ID, ENVIRONMENT), state)


def cloud_target(project: str, environment: str) -> Target:
    """A Google Cloud project, reached with gcloud's application default credentials."""
    names = _names(project, environment)
    settings = Settings(
        project_id=project, project_number="0", region=names.region, environment=environment, release=RELEASE
    )
    return Target(settings, names)


@contextmanager
def selected_target(folder: Path | None, project: str = "", environment: str = "") -> Iterator[Target]:
    """The target that a command's options select; the command exits with 1 if that local cloud does not run."""
    try:
        yield cloud_target(project, environment) if project else local_target(cloud_folder(folder).read())
    except NotRunning as error:
        fail(str(error))


def _names(project: str, environment: str) -> Names:
    mesh = meshes.load(find_project().root / "terraform" / "mesh.yaml")
    return meshes.resolve(mesh, project, PROJECT_NUMBER, environment)
