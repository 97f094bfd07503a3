"""`tipoff run`: play days on the local cloud."""

import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zipfile import BadZipFile

import typer

from tipoff_ops.build import find_project
from tipoff_ops.cli.options import DATE_FORMATS, Folder
from tipoff_ops.cli.output import as_typed, fail, out
from tipoff_ops.corpus.landing_zip import LandingZip
from tipoff_ops.local.cloud import LocalMesh, running
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import CloudFolder, cloud_folder
from tipoff_ops.local.state import export_lines, exports, state_of
from tipoff_ops.run.results import as_text, read_results
from tipoff_ops.run.runner import Runner, WorkflowFailed
from tipoff_ops.run.scenario import Scenario, corpus_scenario, simulated_scenario

SIGNAL_POLL_S = 0.5


def run(
    corpus: Annotated[
        Path | None,
        typer.Option(
            help="A landing zip of real documents; without it, a league is simulated.", exists=True, dir_okay=False
        ),
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=DATE_FORMATS, help="First date to predict, with --corpus.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=DATE_FORMATS, help="Last date to predict, with --corpus.")
    ] = None,
    earlier: Annotated[
        list[Path] | None, typer.Option(help="A landing zip of an earlier season; may be repeated.")
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="Train a model on all dates before the first one, before it is predicted.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the cloud running afterwards, until Ctrl-C.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Delete the former run instead of keeping it.")] = False,
    folder: Folder = None,
) -> None:
    """Play days on the local cloud and grade the predictions.

    The documents of each day arrive in their order, players are predicted before tip-off and graded after the games.
    The commands then read this cloud, running or not. The former run is kept in a folder beside it.

    Example: tipoff run --corpus landing-2024-25.zip --from 2024-11-01 --to 2024-11-07
    """
    dates = _checked_dates(corpus, first, last)
    if corpus is None and (train or earlier):
        raise typer.BadParameter("--train and --earlier need --corpus")
    project, cloud = find_project(), cloud_folder(folder)
    with report_errors(), cloud.locked(), ThreadPoolExecutor(1) as pool, out.status("starting the local cloud"):
        _make_room(cloud, replace=replace)
        # In parallel with the start of the servers, which is mostly waiting.
        scenario = _scenario(pool, corpus, dates, earlier or [], train)
        with running(project, cloud.data) as mesh:
            cloud.write(state_of(mesh))
            played = _play(mesh, scenario.result(), cloud)
            if keep:
                out.print("\n".join(export_lines(exports(mesh))))
                _print_next(played.dates[-1], folder, running=True)
                _wait_for_signal()
    if not keep:
        _print_next(played.dates[-1], folder, running=False)


def _checked_dates(corpus: Path | None, first: datetime | None, last: datetime | None) -> tuple[date, ...]:
    """The first and the last date to predict; nothing without a corpus.

    Raises:
        BadParameter: an option is missing, the range is reversed, or the corpus has no documents of these dates.
    """
    if corpus is None:
        if first or last:
            raise typer.BadParameter("--from and --to choose dates of real documents: give --corpus too")
        return ()
    if first is None or last is None:
        raise typer.BadParameter("--corpus needs --from and --to")
    dates = (first.date(), last.date())
    if dates[1] < dates[0]:
        raise typer.BadParameter(f"--to {dates[1]} is before --from {dates[0]}")
    if not _entries(corpus, *dates):
        raise typer.BadParameter(f"{corpus} has no documents of {dates[0]} to {dates[1]}")
    return dates


def _scenario(
    pool: ThreadPoolExecutor, corpus: Path | None, dates: tuple[date, ...], earlier: list[Path], train: bool
) -> Future[Scenario]:
    if corpus is None:
        return pool.submit(simulated_scenario)
    return pool.submit(corpus_scenario, corpus, dates[0], dates[1], earlier, trains=train)


def _entries(corpus: Path, first: date, last: date) -> int:
    try:
        return len(LandingZip(corpus).select(first, last))
    except BadZipFile as error:
        raise typer.BadParameter(f"{corpus} is not a zip") from error


def _make_room(cloud: CloudFolder, *, replace: bool) -> None:
    """Delete the former run, or keep it in a folder of its own."""
    if replace:
        cloud.delete_data()
        return
    kept = cloud.set_aside()
    if kept:
        out.print(f"the former cloud is kept in {kept}", soft_wrap=True)


def _play(mesh: LocalMesh, scenario: Scenario, cloud: CloudFolder) -> Scenario:
    days = f"{scenario.dates[0]} to {scenario.dates[-1]}"
    out.print(f"{scenario.title}: {len(scenario.documents)} documents, predicting {days}")
    runner = Runner(mesh, scenario, out)
    try:
        runner.play()
    except WorkflowFailed as error:
        fail(str(error))
    out.print(as_text(read_results(runner.warehouse, scenario.dates)), soft_wrap=True)
    runner.save_page(cloud.report)
    out.print(f"report page: {cloud.report}", soft_wrap=True)
    return scenario


def _print_next(last: date, folder: Path | None, *, running: bool) -> None:
    """The three commands that a person types next, on the cloud that was played."""
    flag = f" --folder {folder}" if folder else ""
    commands = {
        f"tipoff status {last}{flag}": "what is complete, late or failed",
        f"tipoff explain {last}{flag}": "why it is so; add a player's name",
    }
    if running:
        commands[f"tipoff doctor{flag}"] = "whether every server and table is there"
    else:
        commands[f"tipoff local up --detach{flag}"] = "start this cloud again"
    out.print("next:")
    for command, about in commands.items():
        out.print(f"  {as_typed(command):60s} # {about}", soft_wrap=True)


def _wait_for_signal() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    out.print("the local cloud is up; Ctrl-C stops it")
    while not ended.wait(SIGNAL_POLL_S):
        pass  # the time limit lets Python run the handler, see tipoff_ops.local.up.wait_for_signal
