"""The `tipoff` command. Exit codes: 0 done, 1 a problem was found, 2 usage."""

import fcntl
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tipoff.core.errors import ConfigInvalid
from tipoff_ops import (
    backtest_command,
    commands_collect,
    commands_intake,
    commands_model,
    commands_operate,
    commands_quarantine,
    local_commands,
)
from tipoff_ops.build import commands as build_commands

if TYPE_CHECKING:
    from tipoff_ops.local import LocalMesh
    from tipoff_ops.run import Story

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("build")(build_commands.build)
app.command("generate")(build_commands.generate)
app.command("ingest")(commands_intake.ingest_command)
app.command("verify")(commands_intake.verify_command)
app.command("collect")(commands_collect.collect)
app.add_typer(commands_quarantine.app, name="quarantine")
app.command("backtest")(backtest_command.backtest)
app.add_typer(commands_model.app, name="model")
app.add_typer(local_commands.app, name="local")
commands_operate.add_to(app)
console = Console()

DATA_FOLDER = ".tipoff"


@app.command()
def run(
    corpus: Annotated[
        Path | None, typer.Option(help="A landing zip of real documents; a simulated league without.")
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First date to predict.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last date to predict.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the local cloud up afterwards, until Ctrl-C.")] = False,
) -> None:
    """Play days on the local cloud: documents land, predictions before tip-off, grades after the final whistle."""
    from tipoff_ops.build import find_project
    from tipoff_ops.local import running
    from tipoff_ops.local_state import export_lines, exports
    from tipoff_ops.run import corpus_story, simulated_story

    dates = [day.date() for day in (first, last) if day is not None]
    if corpus is not None and len(dates) < 2:
        raise typer.BadParameter("--corpus needs --from and --to")
    project = find_project()
    folder = project.root / DATA_FOLDER / "run"
    with _alone_in(folder), ThreadPoolExecutor(1) as teller, console.status("starting the local cloud"):
        shutil.rmtree(folder, ignore_errors=True)
        # Told while the servers start, which is mostly waiting.
        told = teller.submit(corpus_story, corpus, *dates) if corpus else teller.submit(simulated_story)
        with running(project, folder) as mesh:
            _play(mesh, told.result(), folder)
            if keep:
                console.print("\n".join(export_lines(exports(mesh))), highlight=False)
                _wait_for_the_end()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print(f"another run plays in {folder}; wait for its end or stop it", soft_wrap=True)
            raise typer.Exit(1) from None
        yield


def _play(mesh: "LocalMesh", story: "Story", folder: Path) -> None:
    from tipoff_ops.run import Runner
    from tipoff_ops.summary import as_text, summarise

    console.print(f"{story.title}: {len(story.documents)} documents, predicting {story.dates[0]} to {story.dates[-1]}")
    runner = Runner(mesh, story, console)
    runner.play()
    console.print(as_text(summarise(runner.warehouse, story.dates)), highlight=False)
    console.print(f"report page: {runner.save_page(folder)}", highlight=False, soft_wrap=True)


def _wait_for_the_end() -> None:
    from tipoff_ops.local_control import HEED_EVERY_S

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    console.print("the local cloud is up; Ctrl-C ends it")
    while not ended.wait(HEED_EVERY_S):
        pass  # see local_control.stay


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except ConfigInvalid as error:
        sys.exit(error.message)
