"""The warehouse of a local cloud: created from a template, or upgraded to the present schemas, and started."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tipoff_local.bigquery import Warehouse
from tipoff_local.identity import Identity
from tipoff_ops.build import Project
from tipoff_ops.local.ports import Ports
from tipoff_ops.local.project import PROJECT_ID, WAREHOUSE
from tipoff_ops.local.templates import create_empty_warehouse, is_current, save_translations, upgrade

FREE_PORTS = Ports()


class LocalWarehouse:
    """The warehouse in the data folder of a local cloud.

    Args:
        project: the checkout whose tables it has.
        data: the data folder of the local cloud.
        storage_url: the local Cloud Storage that loads read; None if nothing is loaded.
        identity: the identity whose policy is enforced; without one, every caller owns everything.
        usage_folder: where the usage log is kept; None keeps none.
    """

    def __init__(
        self,
        project: Project,
        data: Path,
        *,
        storage_url: str | None = None,
        identity: Identity | None = None,
        usage_folder: Path | None = None,
        ports: Ports = FREE_PORTS,
        threads: int = 0,
    ) -> None:
        self._folder = data / WAREHOUSE
        self._templates = project.root / ".tipoff" / "templates"
        self._template: Path | None = None
        self.server = Warehouse(
            self._folder,
            PROJECT_ID,
            storage_url=storage_url,
            identity=identity,
            usage_folder=usage_folder,
            rest_port=ports.bigquery,
            grpc_port=ports.bigquery_storage,
            threads=threads,
        )

    def start(self) -> None:
        """Start it with all tables: new ones if there are no data, otherwise upgraded to the present schemas."""
        exists = self._folder.is_dir()
        if not exists:
            self._template = create_empty_warehouse(self._folder, self._templates, PROJECT_ID)
        self.server.start()
        if exists and not is_current(self._folder, PROJECT_ID):
            upgrade(self.server, self._folder, PROJECT_ID)

    def stop(self) -> None:
        """Stop it; the data stay."""
        self.server.stop()
        if self._template is not None:
            save_translations(self._template, self._folder)


@contextmanager
def warehouse_running(project: Project, data: Path) -> Iterator[Warehouse]:
    """The warehouse of a stopped local cloud, running as long as the block."""
    warehouse = LocalWarehouse(project, data)
    try:
        warehouse.start()
        yield warehouse.server
    finally:
        warehouse.stop()
