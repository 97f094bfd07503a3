"""The local warehouse: `local-bigquery` (DuckDB behind BigQuery's REST and Storage gRPC) as a child process.

DuckDB would download its extensions; they come as wheels instead and are installed once into a folder of the
project (inside the virtual environment unless told otherwise). Ports are chosen by the child and reported
over its pipe, with a token that its REST server repeats to whoever asks: who answers is proven to be who was started.
"""

import fcntl
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import duckdb

from tipoff_local.processes import Child

EXTENSIONS = ("icu", "ducklake", "httpfs", "spatial")


class Warehouse:
    """A BigQuery of one's own, with its data under `folder` (kept over restarts).

    storage_url: STORAGE_EMULATOR_HOST of the buckets that gs:// loads read.
    extensions: where the DuckDB extensions are installed once; shared by all warehouses of a machine.
    rest_port, grpc_port: 0 lets the system choose.
    threads: of DuckDB; 0 is one for each processor. Appends cost half the processor time with a single one.
    """

    def __init__(
        self, folder: Path, project: str, *, storage_url: str | None = None, extensions: Path | None = None,
        rest_port: int = 0, grpc_port: int = 0, threads: int = 0,
    ) -> None:  # fmt: skip
        self._folder = folder.resolve()
        self._project = project
        self._storage_url = storage_url
        self._home = extensions or Path(sys.prefix) / "duckdb-home"
        self._numbers = (rest_port, grpc_port, threads)
        self._child: Child | None = None
        self.rest_url = ""
        self.grpc_address = ""
        self.instance = ""

    def start(self) -> None:
        """Returns when both APIs answer; ChildFailed with the log's end if the child could not start."""
        install_extensions(self._home)
        arguments = [str(self._folder / "data"), self._project, *map(str, self._numbers)]
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
        """Process id of the child while it runs."""
        return self._child.pid if self._child else None

    def stop(self) -> None:
        """Ends the child; the data stay."""
        if self._child is not None:
            self._child.stop()
            self._child = None


def clone(template: Path, folder: Path) -> None:
    """Copies a stopped warehouse; its catalogue notes where its data are, so the note is corrected."""
    shutil.copytree(template, folder)
    for catalogue in (folder / "data").glob("*.ducklake"):
        with duckdb.connect(catalogue) as connection:
            connection.execute(
                "UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'",
                [f"{(folder / 'data' / catalogue.stem).resolve()}/"],
            )


def install_extensions(home: Path) -> None:
    """Copies the extension wheels to `home/.duckdb`; does nothing if this DuckDB's are there already."""
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
