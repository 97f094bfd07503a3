"""A running mesh with landed days of a simulated league, and the operator's commands against it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tipoff.cloud.bigquery import Warehouse
from tipoff.cloud.clients.workflows import executions_client
from tipoff.cloud.workflows import Execution
from tipoff_ops.cli import app
from tipoff_ops.local.cloud import LocalMesh
from tipoff_ops.local.folder import CloudFolder
from tipoff_ops.local.state import state_of
from tipoff_ops.local.upload import Upload, Uploader
from tipoff_ops.operate.target import Target, local_target
from tipoff_sim import SMALL, League

# A shell starts background commands with Ctrl-C ignored. A command in a terminal does not ignore it.
ACCEPT_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
TIPOFF = f"{ACCEPT_CTRL_C}import sys; from tipoff.cloud import failpoints; from tipoff_ops.cli import main; "
ARMED = "failpoints.arm(sys.argv.pop(1), 'local'); "


@dataclass(frozen=True)
class OperatorSession:
    """The mesh, where its state file is, the dates that landed, and one landed object."""

    mesh: LocalMesh
    target: Target
    folder: Path
    dates: tuple[date, ...]
    object_name: str

    def tipoff(self, *words: str) -> tuple[int, Any]:
        """Exit code and JSON answer of a command."""
        done = CliRunner().invoke(app, [*words, "--folder", str(self.folder), "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done.exit_code, json.loads(done.stdout) if done.stdout else None

    def typed(self, *words: str, killed_at: str = "") -> "subprocess.Popen[str]":
        """A command in a process of its own, as in a shell; `killed_at` is the failpoint at which it dies."""
        code = (TIPOFF + ARMED if killed_at else TIPOFF) + "main()"
        command = [sys.executable, "-c", code, *([killed_at] if killed_at else []), *words]
        command += ["--folder", str(self.folder), "--json"]
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def execute(self, key: str, argument: dict[str, Any]) -> Execution:
        """Run a workflow to its end."""
        return self.ended(self.start(key, argument))

    def start(self, key: str, argument: dict[str, Any]) -> str:
        """Start a workflow; the full name of its execution."""
        return self.target.workflows.start(self.target.names.workflows[key].name, argument).name

    def ended(self, name: str) -> Execution:
        """An execution at its end."""
        deadline = time.monotonic() + 300
        found = self.target.workflows.get(name)
        while found.state in ("ACTIVE", "QUEUED"):
            assert time.monotonic() < deadline, f"{name} does not end"
            time.sleep(0.1)
            found = self.target.workflows.get(name)
        return found

    def cancel(self, name: str) -> None:
        """Cancel an execution, as `gcloud workflows executions cancel` does."""
        executions_client(self.mesh.settings).cancel_execution(name=name)

    def running(self, key: str) -> list[str]:
        """Full names of the executions of a workflow that go on."""
        return [found.name for found, _ in self.target.workflows.running(self.target.names.workflows[key].name)]

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query."""
        return Warehouse(self.mesh.settings, []).rows(sql, parameters, dict[str, Any])


@contextmanager
def operator_session(mesh: LocalMesh, folder: Path, seed: int, start: date, days: int) -> Iterator[OperatorSession]:
    """A session with the first days of a league landed, final box scores included."""
    season = League(seed).season(start, days, SMALL)
    uploads = [Upload(found.object_name, found.body) for found in season]
    uploader = Uploader(mesh)
    uploader.upload(uploads, lambda _: None)
    uploader.wait()
    place = CloudFolder(folder)
    with place.locked():
        place.write(state_of(mesh))
        box = next(one.object_name for one in reversed(uploads) if "/boxscores/" in one.object_name)
        yield OperatorSession(mesh, local_target(place.read()), place.folder, season.game_dates, box)
