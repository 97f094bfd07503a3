"""Starts and stops the local warehouse, a child process.

DuckDB would download its extensions. Here they come as wheels, and are installed once into a folder, by default in the
virtual environment. The child chooses its ports and reports them over its pipe, with a token that its REST server also
answers, so that a caller can check which process it has reached.
"""

import fcntl
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import duckdb

from tipoff_local.identity import Identity
from tipoff_local.processes import Child

EXTENSIONS = ("icu", "ducklake", "httpfs", "spatial")


class Warehouse:
    """A local BigQuery.

    Args:
        folder: keeps the data over restarts.
        project: the default project.
        storage_url: STORAGE_EMULATOR_HOST of the buckets that gs:// loads read.
        extensions: folder of the installed DuckDB extensions; all warehouses of a machine can share it.
        rest_port, grpc_port: 0 lets the system choose.
        identity: the identity whose policy is enforced; without one, every caller owns everything.
        usage_folder: where the usage log is kept; None keeps none.
        threads: of DuckDB; 0 is one for each processor. With a single thread, appends take half the processor time.

    Attributes:
        rest_url, grpc_address, instance: endpoints and token, once `start` has returned.
    """

    def __init__(
        self, folder: Path, project: str, *, storage_url: str | None = None, extensions: Path | None = None,
        identity: Identity | None = None, usage_folder: Path | None = None, rest_port: int = 0, grpc_port: int = 0,
        threads: int = 0,
    ) -> None:  # fmt: skip
        self._folder = folder.resolve()
        self._project = project
        self._storage_url = storage_url
        self._identity_folder = "" if identity is None else str(identity.folder.resolve())
        self._home = extensions or Path(sys.prefix) / "duckdb-home"
        self._usage_folder = str(usage_folder.resolve()) if usage_folder else ""
        self._numbers = (rest_port, grpc_port, threads)
        self._child: Child | None = None
        self.rest_url = ""
        self.grpc_address = ""
        self.instance = ""

    def start(self) -> None:
        """Start, and return when both APIs answer.

        Raises:
            ChildFailed: the child could not start; the message carries the end of its log.
        """
        install_extensions(self._home)
        record_data_path(self._folder)
        folders = [str(self._folder / "data"), self._project, self._identity_folder, self._usage_folder]
        arguments = [*folders, *map(str, self._numbers)]
        env = {"HOME": str(self._home)}
        if self._storage_url:
            env["STORAGE_EMULATOR_HOST"] = self._storage_url
        self._child = Child("tipoff_local.bigquery.child", arguments, env, self._folder / "bigquery.log")
        ready = json.loads(self._child.ready_line())
        self.rest_url = f"http://127.0.0.1:{ready['rest_port']}"
        self.instance = ready["instance"]
        self.grpc_address = f"127.0.0.1:{ready['grpc_port']}"

    @property
    def pid(self) -> int | None:
        """Process id of the child, while it runs."""
        return self._child.pid if self._child else None

    def stop(self) -> None:
        """Stop the child; the data stay."""
        if self._child is not None:
            self._child.stop()
            self._child = None


def clone(template: Path, folder: Path) -> None:
    """Copy a stopped warehouse, and correct the data folder's path in the catalogue of the copy."""
    shutil.copytree(template, folder)
    record_data_path(folder)


def record_data_path(folder: Path) -> None:
    """Make each catalogue of a stopped warehouse name the folder in which its data are now.

    A catalogue names it as an absolute path, and DuckLake refuses data that were copied or moved. The paths of the
    files below it are relative.
    """
    for catalogue in (folder / "data").glob("*.ducklake"):
        path = f"{(folder / 'data' / catalogue.stem).resolve()}/"
        with duckdb.connect(catalogue) as connection:
            connection.execute(
                "UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path' AND value <> ?", [path, path]
            )


def install_extensions(home: Path) -> None:
    """Install the extensions from their wheels into `home/.duckdb`, unless this version's are installed."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = home / f"installed-{duckdb.__version__}"
        if not done.exists():
            _install(home)
            done.touch()


def _install(home: Path) -> None:
    with duckdb.connect(config={"home_directory": str(home)}) as connection:
        for name in EXTENSIONS:
            path = str(_extension_file(name)).replace("'", "''")
            connection.execute(f"INSTALL '{path}'")


def _extension_file(name: str) -> Path:
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package duckdb-extension-{name} is not installed")
    return next(Path(spec.origin).parent.rglob("*.duckdb_extension"))
