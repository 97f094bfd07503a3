"""`tipoff run`: play days on the local cloud."""

import fcntl
import shutil
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tipoff_ops.build import find_project
from tipoff_ops.cli.options import DATE_FORMATS
from tipoff_ops.cli.output import fail, out
from tipoff_ops.local.cloud import LocalMesh, running
from tipoff_ops.local.state import export_lines, exports
from tipoff_ops.run.results import as_text, read_results
from tipoff_ops.run.runner import Runner
from tipoff_ops.run.scenario import Scenario, corpus_scenario, simulated_scenario

DATA_FOLDER = Path(".tipoff") / "run"
SIGNAL_POLL_S = 0.5


def run(
    corpus: Annotated[
        Path | None, typer.Option(help="A landing zip of real documents; without it, a league is simulated.")
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=DATE_FORMATS, help="First date to predict.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DATE_FORMATS, help="Last date to predict.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the local cloud running afterwards, until Ctrl-C.")] = False,
) -> None:
    """Play days on the local cloud and grade the predictions.

    The documents of each day arrive in their order, players are predicted before tip-off and graded after the games.
    """
    dates = [day.date() for day in (first, last) if day is not None]
    if corpus is not None and len(dates) < 2:
        raise typer.BadParameter("--corpus needs --from and --to")
    project = find_project()
    folder = project.root / DATA_FOLDER
    with _exclusive(folder), ThreadPoolExecutor(1) as pool, out.status("starting the local cloud"):
        shutil.rmtree(folder, ignore_errors=True)
        # In parallel with the start of the servers, which is mostly waiting.
        scenario = pool.submit(corpus_scenario, corpus, *dates) if corpus else pool.submit(simulated_scenario)
        with running(project, folder) as mesh:
            _play(mesh, scenario.result(), folder)
            if keep:
                out.print("\n".join(export_lines(exports(mesh))), highlight=False)
                _wait_for_signal()


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail(f"another `tipoff run` uses {folder}; wait until it ends, or stop it")
        yield


def _play(mesh: LocalMesh, scenario: Scenario, folder: Path) -> None:
    days = f"{scenario.dates[0]} to {scenario.dates[-1]}"
    out.print(f"{scenario.title}: {len(scenario.documents)} documents, predicting {days}")
    runner = Runner(mesh, scenario, out)
    runner.play()
    out.print(as_text(read_results(runner.warehouse, scenario.dates)), highlight=False)
    out.print(f"report page: {runner.save_page(folder)}", highlight=False, soft_wrap=True)


def _wait_for_signal() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    out.print("the local cloud is up; Ctrl-C stops it")
    while not ended.wait(SIGNAL_POLL_S):
        pass  # the time limit lets Python run the handler, see tipoff_ops.local.up.wait_for_signal
