"""`tipoff local up`: the local cloud in the foreground until a signal, or as a process in the background."""

import faulthandler
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, NoReturn

import typer

from tipoff_local.processes import ChildFailed
from tipoff_ops.build import find_project
from tipoff_ops.cli.options import Folder
from tipoff_ops.cli.output import console
from tipoff_ops.local.cloud import running
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import CloudFolder, NotRunning, cloud_folder
from tipoff_ops.local.ports import Ports
from tipoff_ops.local.state import State, state_of
from tipoff_ops.local.status import servers_table

START_TIMEOUT_S, STOP_TIMEOUT_S = 300.0, 30.0
POLL_S = 0.1
SIGNAL_POLL_S = 0.5
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    folder: Folder = None,
    first_port: Annotated[
        int, typer.Option("--port", help="First of ten consecutive ports; without it, free ports are chosen.")
    ] = 0,
    schedule: Annotated[
        bool, typer.Option(help="Fire scheduled jobs at their time; otherwise only `tipoff local tick` does.")
    ] = False,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Give each function its own process, with its memory limit and its log.")
    ] = False,
    detach: Annotated[bool, typer.Option(help="Run in the background.")] = False,
    sleep_scale: Annotated[float, typer.Option(help="Real seconds for each second that a workflow sleeps.")] = 1.0,
) -> None:
    """Start all servers and create all resources of the mesh.

    Runs until Ctrl-C or `tipoff local down`.

    Example: tipoff local up --detach
    """
    with report_errors():
        cloud = cloud_folder(folder)
        if detach:
            switches = {"--schedule": schedule, "--isolate": isolate}
            chosen = [flag for flag, is_on in switches.items() if is_on]
            flags = ["--port", str(first_port), "--sleep-scale", str(sleep_scale), *chosen]
            console.print(servers_table(start_detached(cloud, flags)))
            return
        for state in serve(cloud, first_port, sleep_scale, by_the_clock=schedule, isolate=isolate):
            console.print(servers_table(state))
            console.print('up; eval "$(tipoff local env)" points clients here, Ctrl-C stops it')


def serve(
    cloud: CloudFolder, first_port: int, sleep_scale: float, *, by_the_clock: bool, isolate: bool
) -> Iterator[State]:
    """Start the local cloud, yield its state once, and stop it at a signal, even one that comes during the start."""
    for number in _STOP_SIGNALS:
        signal.signal(number, stop_on_signal)
    ports = Ports.following(first_port) if first_port else Ports()
    mesh_run = running(find_project(), cloud.data, sleep_scale, ports, by_the_clock=by_the_clock, isolate=isolate)
    with cloud.locked(), mesh_run as mesh:
        cloud.write(state_of(mesh))
        yield cloud.read()
        wait_for_signal()


def wait_for_signal() -> NoReturn:
    """Sleep until a signal handler raises.

    The system may deliver a signal to any thread, and Python runs the handler when the main thread next wakes. A wait
    without a time limit would never wake.
    """
    while True:
        time.sleep(SIGNAL_POLL_S)


def stop_on_signal(_number: int, _frame: object) -> NoReturn:
    """Unwind the main thread, which stops all servers; further signals are ignored meanwhile.

    If the stop takes too long, the process prints where it hangs to standard error and exits with 1.
    """
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    faulthandler.dump_traceback_later(STOP_TIMEOUT_S, exit=True)
    raise SystemExit(0)


def start_detached(cloud: CloudFolder, flags: Sequence[str]) -> State:
    """Run `tipoff local up` in a session of its own and return its state once it is up.

    Raises:
        ChildFailed: it ended, or was not up after five minutes; the message is the end of its log.
    """
    cloud.folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tipoff_ops", "local", "up", "--folder", str(cloud.folder), *flags]
    with cloud.log.open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while child.poll() is None and time.monotonic() < deadline:
        state = _state_or_none(cloud)
        if state is not None and state.pid == child.pid:
            return state
        time.sleep(POLL_S)
    child.terminate()
    raise ChildFailed(cloud.log.read_text(errors="replace")[-2000:].strip() or "it did not start in time")


def _state_or_none(cloud: CloudFolder) -> State | None:
    try:
        return cloud.read()
    except NotRunning:
        return None
