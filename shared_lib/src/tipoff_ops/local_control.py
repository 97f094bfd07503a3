"""What `tipoff local` does: serve in the foreground or the background, end, ask, move the clock, empty."""

import faulthandler
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import msgspec
import urllib3
from rich.table import Table

from tipoff_local.httpd import PortTaken
from tipoff_local.identity import Identity
from tipoff_local.processes import ChildFailed
from tipoff_local.scheduler.server import TICK_PATH, Tick, Ticked
from tipoff_ops.build import find_project
from tipoff_ops.local import OPERATOR, running
from tipoff_ops.local_state import AlreadyUp, NotUp, Place, Server, State, export_lines, standing, state_of
from tipoff_ops.ports import Ports

FOLDER = Path(".tipoff") / "local"
START_S, LEAVE_S, END_S = 300.0, 30.0, 40.0
LOOK_EVERY_S = 0.1
HEED_EVERY_S = 0.5
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Refused(Exception):
    """It cannot be done; the message is for a person."""


@contextmanager
def explained() -> Iterator[None]:
    """What a person can mend becomes Refused, with a sentence instead of a trace."""
    try:
        yield
    except (AlreadyUp, NotUp, PortTaken, ChildFailed) as error:
        raise Refused(str(error)) from error


def place_of(folder: Path | None) -> Place:
    """The place of a folder; `.tipoff/local` of the checkout without one."""
    return Place((folder or find_project().root / FOLDER).resolve())


def serve(place: Place, first_port: int, sleep_scale: float, *, by_the_clock: bool, isolate: bool) -> Iterator[State]:
    """Start all, yield the state once it is up, and end all when a signal says so, even while starting."""
    for number in _ENDING:
        signal.signal(number, leave)
    ports = Ports.following(first_port) if first_port else Ports()
    mesh_run = running(find_project(), place.data, sleep_scale, ports, by_the_clock=by_the_clock, isolate=isolate)
    with place.held(), mesh_run as mesh:
        place.write(state_of(mesh))
        yield place.read()
        stay()


def stay() -> NoReturn:
    """Do nothing until a signal says to leave.

    The system may hand a signal to any thread, and Python then waits for the main thread to wake before it calls
    the handler: a wait without an end would never know.
    """
    while True:
        time.sleep(HEED_EVERY_S)


def leave(_number: int, _frame: object) -> NoReturn:
    """Unwinds the main thread, which stops every server; a second signal shall not disturb that.

    What does not stop in time says on standard error where it stands, and ends with exit code 1.
    """
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    faulthandler.dump_traceback_later(LEAVE_S, exit=True)
    raise SystemExit(0)


def detach(place: Place, flags: list[str]) -> State:
    """Start `up` in a session of its own; returns when it is up.

    Raises:
        ChildFailed: it ended, or took longer than five minutes; the message is the end of its log.
    """
    place.folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tipoff_ops", "local", "up", "--folder", str(place.folder), *flags]
    with place.log.open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    end = time.monotonic() + START_S
    while child.poll() is None and time.monotonic() < end:
        state = _told(place)
        if state is not None and state.pid == child.pid:
            return state
        time.sleep(LOOK_EVERY_S)
    child.terminate()
    raise ChildFailed(place.log.read_text(errors="replace")[-2000:].strip() or "it did not start in time")


def _told(place: Place) -> State | None:
    try:
        return place.read()
    except NotUp:
        return None


def end(place: Place) -> None:
    """End the process of a place, starting or up, and all its children; the data stay."""
    pid = place.holder()
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        patience = time.monotonic() + END_S
        while place.busy and time.monotonic() < patience:
            time.sleep(LOOK_EVERY_S)
        if not place.busy:
            return
    raise Refused(f"process {pid} does not end")


def environment(place: Place) -> list[str]:
    """The `export` lines."""
    return export_lines(place.read().variables)


def operator_token(place: Place, service: str) -> str:
    """A bearer token for a function by mesh key or service name; KeyError names those there are."""
    state = place.read()
    urls = [url for key, url in state.services.items() if service in (key, url.rpartition("/")[2])]
    if not urls:
        raise KeyError(f"{service!r} is none of {', '.join(sorted(state.services))}")
    return Identity(Path(state.folder) / "identity").sign(urls[0], OPERATOR)


def tick(place: Place, to: datetime, start: datetime | None) -> list[Ticked]:
    """Let time go on to an instant (both with a zone); what fired, once all that it started has ended."""
    url = next(server.url for server in place.read().servers if server.name == "scheduler")
    answer = urllib3.PoolManager(retries=False).request(
        "POST", f"{url}{TICK_PATH}", body=msgspec.json.encode(Tick(to, start))
    )
    if answer.status != 200:
        raise Refused(answer.data.decode(errors="replace"))
    return msgspec.json.decode(answer.data, type=list[Ticked])


def reset(place: Place) -> None:
    """Delete the data; AlreadyUp while it runs."""
    with place.held():
        shutil.rmtree(place.data, ignore_errors=True)


def whole(state: State) -> bool:
    """Whether every server that was started is the one that answers."""
    return all(standing(server) == "up" for server in state.servers)


def as_table(state: State) -> Table:
    """The servers for a terminal."""
    table = Table("server", "url", "pid", "state")
    for server in state.servers:
        table.add_row(*_cells(server))
    return table


def _cells(server: Server) -> tuple[str, ...]:
    return server.name, server.url, str(server.pid), standing(server)
