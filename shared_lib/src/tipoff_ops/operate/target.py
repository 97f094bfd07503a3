"""The environment that a command works on: the local cloud of a folder, or a Google Cloud project."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from tipoff import tables
from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.workflows import Workflows
from tipoff.core.errors import ConfigInvalid
from tipoff.runtime.settings import Endpoints, Settings
from tipoff_local import mesh as meshes
from tipoff_local.bigquery import Warehouse as LocalBigQuery
from tipoff_local.mesh import Names
from tipoff_ops.build import find_project
from tipoff_ops.build.tables import write_tables
from tipoff_ops.cli.output import console
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import CloudFolder, NotRunning, cloud_folder
from tipoff_ops.local.project import ENVIRONMENT, PROJECT_ID, PROJECT_NUMBER, REGION
from tipoff_ops.local.state import State, state_of
from tipoff_ops.local.warehouse import warehouse_running

RELEASE = "operator"
HOSTS = [field.name for field in fields(Endpoints) if field.name.endswith("_host")]
NOBODY = "127.0.0.1:9"  # the discard port: nothing listens there


@dataclass(frozen=True)
class Target:
    """One environment: how its services are reached and what its resources are called.

    Attributes:
        state: the state of the running local cloud; None for a Google Cloud project, and where only the data of a
            stopped local cloud are open.
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
    endpoints = {name: state.variables[name.upper()] for name in HOSTS if name.upper() in state.variables}
    return Target(_local_settings(endpoints), _names(PROJECT_ID, ENVIRONMENT), state)


def _local_settings(endpoints: Mapping[str, str]) -> Settings:
    return Settings(
        project_id=PROJECT_ID,
        project_number=PROJECT_NUMBER,
        region=REGION,
        environment=ENVIRONMENT,
        release=RELEASE,
        **endpoints,
    )


def cloud_target(project: str, environment: str) -> Target:
    """A Google Cloud project, reached with gcloud's application default credentials."""
    names = _names(project, environment)
    settings = Settings(
        project_id=project, project_number="0", region=names.region, environment=environment, release=RELEASE
    )
    return Target(settings, names)


@contextmanager
def selected_target(
    folder: Path | None, project: str = "", environment: str = "", *, functions: bool = False
) -> Iterator[Target]:
    """The target that a command's options select: a Google Cloud project, or the local cloud of a folder.

    If that local cloud does not run, its data are opened for the command. The command exits with 1 if it has none.

    Args:
        functions: whether the command calls functions or workflows; otherwise only the warehouse is started.
    """
    _compose_tables()
    if project:
        yield cloud_target(project, environment)
        return
    with report_errors(), local_cloud(cloud_folder(folder), functions=functions) as target:
        yield target


@contextmanager
def local_cloud(cloud: CloudFolder, *, functions: bool) -> Iterator[Target]:
    """The local cloud of a folder: the one that runs, or its data, opened as long as the block.

    Raises:
        NotRunning: nothing runs there, and there are no data.
        AlreadyRunning: another process opened the data at the same moment.
    """
    state = cloud.running_state()
    if state is not None:
        yield local_target(state)
        return
    if not cloud.has_data:
        raise NotRunning(f"there is no local cloud in {cloud.folder}; `tipoff run` plays one")
    with cloud.locked(), _opened(cloud, functions=functions) as target:
        yield target


@contextmanager
def _opened(cloud: CloudFolder, *, functions: bool) -> Iterator[Target]:
    if functions:
        from tipoff_ops.local.cloud import running  # imports every server: too slow for commands that only read

        with console.status("starting the local cloud"), running(find_project(), cloud.data) as mesh:
            yield local_target(state_of(mesh))
    else:
        with warehouse_running(find_project(), cloud.data) as warehouse:
            yield Target(_local_settings(_warehouse_endpoints(warehouse)), _names(PROJECT_ID, ENVIRONMENT))


def _warehouse_endpoints(warehouse: LocalBigQuery) -> dict[str, str]:
    """Endpoints for a command that only reads tables; a call of another service fails on this machine."""
    nothing = {name: NOBODY for name in HOSTS}
    return nothing | {
        "bigquery_emulator_host": warehouse.rest_url,
        "bigquery_storage_emulator_host": warehouse.grpc_address,
    }


def _compose_tables() -> None:
    """Write `dist/tables` if it is missing or older than its sources, as after an update of the checkout."""
    try:
        tables.all_tables()
    except ConfigInvalid:
        write_tables(find_project())


def local_names() -> Names:
    """The names of a local cloud, whether it runs or not."""
    return _names(PROJECT_ID, ENVIRONMENT)


def _names(project: str, environment: str) -> Names:
    mesh = meshes.load(find_project().mesh_file)
    return meshes.resolve(mesh, project, PROJECT_NUMBER, environment)
