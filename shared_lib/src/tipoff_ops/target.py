"""Where an operator's command works: the local cloud of a folder, or a project of Google's."""

from dataclasses import dataclass
from pathlib import Path

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Workflows
from tipoff.runtime.settings import Settings
from tipoff_local import mesh as meshes
from tipoff_local.mesh import Names
from tipoff_ops.build import find_project
from tipoff_ops.local import ENVIRONMENT, PROJECT_ID, PROJECT_NUMBER, REGION
from tipoff_ops.local_control import place_of
from tipoff_ops.local_state import State


@dataclass(frozen=True)
class Target:
    """One environment: how its services are reached and what its resources are called.

    Attributes:
        state: what the local cloud told; None in a project of Google's.
    """

    settings: Settings
    names: Names
    state: State | None = None

    @property
    def warehouse(self) -> Warehouse:
        """A client that may append receipts of backfills."""
        return Warehouse(self.settings, ["nba_ops"])

    @property
    def workflows(self) -> Workflows:
        """A client of Workflows."""
        return Workflows(self.settings, self.settings.region)


def local_target(state: State) -> Target:
    """The local cloud that told `state`."""
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
        release="operator",
        **endpoints,
    )
    return Target(settings, _names(PROJECT_ID, ENVIRONMENT), state)


def cloud_target(project: str, environment: str) -> Target:
    """A project of Google's, with the login that gcloud's application default credentials hold."""
    names = _names(project, environment)
    settings = Settings(
        project_id=project, project_number="0", region=names.region, environment=environment, release="operator"
    )
    return Target(settings, names)


def target_of(folder: Path | None, project: str, environment: str) -> Target:
    """The target that a command's options name.

    Raises:
        NotUp: no local cloud runs in the folder, and no project is named.
    """
    return cloud_target(project, environment) if project else local_target(place_of(folder).read())


def _names(project: str, environment: str) -> Names:
    page = meshes.load(find_project().root / "terraform" / "mesh.yaml")
    return meshes.resolve(page, project, PROJECT_NUMBER, environment)
