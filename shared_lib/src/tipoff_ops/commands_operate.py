"""The operator's commands. Exit codes: 0 good, 1 something is missing or failed, 2 usage.

They work against the local cloud of this checkout (`--folder` for another), or with `--project` and `--env` against a
project of Google's.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tipoff.core.game_date import game_date_of
from tipoff.steps.reconcile import game_days
from tipoff_ops import backfill, explain, stale, standing
from tipoff_ops.local_state import NotUp
from tipoff_ops.target import Target, target_of

console = Console(stderr=True)
out = Console()

Folder = Annotated[Path | None, typer.Option("--folder", help="Where the local cloud keeps its data [.tipoff/local].")]
Project = Annotated[str, typer.Option("--project", help="A project of Google's, in place of the local cloud.")]
Env = Annotated[str, typer.Option("--env", help="Its environment.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
First = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First date.")]
Last = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last date, included.")]
SomeFirst = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First date [10 days ago].")]
SomeLast = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last date, included [today].")]
Steps = Annotated[str, typer.Option("--steps", help=f"FIRST..LAST of {', '.join(backfill.STEPS)}.")]


@contextmanager
def _at(folder: Path | None, project: str, env: str) -> Iterator[Target]:
    try:
        yield target_of(folder, project, env)
    except NotUp as error:
        console.print(str(error), highlight=False)
        raise typer.Exit(1) from error


class _Rate(ProgressColumn):
    """Units a second."""

    def render(self, task: Task) -> Text:
        """The present rate."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s")


def reprocess(
    first: First,
    last: Last,
    steps: Steps = "analyze..grade",
    force: Annotated[bool, typer.Option("--force", help="Take objects in again that are in.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Rebuild a range by the reprocess workflow; started again after Ctrl-C or a kill, it goes on."""
    work = _range(first.date(), last.date(), steps, force)
    with _at(folder, project, env) as target:
        if dry_run:
            _show_plan(target, work, as_json)
            return
        run = backfill.begin(target, work, backfill.rounded_now())
        seen = _watch(run)
    result = msgspec.json.decode(seen.execution.result or "{}") if seen.execution.state == "SUCCEEDED" else {}
    told = {"state": seen.execution.state, "done": seen.done, "total": seen.total, "as_of": run.as_of, "result": result}
    _tell(told | ({"error": seen.execution.error} if seen.execution.error else {}), as_json)
    raise typer.Exit(0 if result.get("outcome") == "ok" else 1)


def _range(first: date, last: date, steps: str, force: bool) -> backfill.Range:
    begin, _, end = steps.partition("..")
    for step in (begin, end or begin):
        if step not in backfill.STEPS:
            raise typer.BadParameter(f"{step!r} is none of {', '.join(backfill.STEPS)}", param_hint="--steps")
    work = backfill.Range(first, last, begin, end or begin, force)
    if last < first or not work.steps:
        raise typer.BadParameter("a range or its steps end before they begin")
    return work


def _show_plan(target: Target, work: backfill.Range, as_json: bool) -> None:
    over = {"start_date": work.start_date, "end_date": work.end_date}
    games = sum(day.games for day in game_days(target.warehouse, over))
    told = {"dates": work.days, "games": games, "steps": work.steps, "units": work.units}
    _tell(told | {"estimated_usd": round(work.estimate.dollars, 4)}, as_json)


def _watch(run: backfill.Backfill) -> backfill.Watched:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    try:
        console.print(f"{'going on with' if run.resumed else 'started'} {run.execution.name.rpartition('/')[2]}")
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(f"{run.work.start_date} to {run.work.end_date}", total=run.work.units)
            for seen in run.watch():
                progress.update(task, completed=seen.done)
    except KeyboardInterrupt:
        console.print("it goes on without you; the same command watches it again")
        raise typer.Exit(1) from None
    return seen


def status(
    day: Annotated[datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="A date [today].")] = None,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """One line per output and step: what is complete, what is late, what is held."""
    with _at(folder, project, env) as target:
        found = standing.status(target.warehouse, datetime.now(UTC), day.date() if day else None)
    if as_json:
        typer.echo(msgspec.json.encode(found))
    else:
        for rows in (found.outputs, found.steps, found.held, found.sources, found.checks):
            _print_rows(rows)
    raise typer.Exit(0 if found.good else 1)


def explain_command(
    words: Annotated[list[str], typer.Argument(metavar="DATE [PLAYER]", help="A date, and a player's name.")],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Why a prediction is missing: the first cause, and the command that mends it."""
    day, name = _day_and_name(words)
    now = datetime.now(UTC)
    with _at(folder, project, env) as target:
        warehouse = target.warehouse
        found = explain.explain_player(warehouse, name, day, now) if name else explain.explain_date(warehouse, day, now)
    if as_json:
        typer.echo(msgspec.json.encode(found))
    else:
        out.print(f"{found.subject}: {found.state}", found.cause, *found.told, sep="\n  ", highlight=False)
        out.print(found.command, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found.state in ("COMPLETE", "EMPTY_OK", "predicted", "skipped") else 1)


def _day_and_name(words: list[str]) -> tuple[date, str]:
    """The words in any order: the one that is a date, and the others as a name."""
    for word in words:
        try:
            day = date.fromisoformat(word)
        except ValueError:
            continue
        return day, " ".join(other for other in words if other != word)
    raise typer.BadParameter("give a date as YYYY-MM-DD")


def plan(
    first: SomeFirst = None,
    last: SomeLast = None,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Outputs that are stale (an input changed after they were built) or missing, with the command for each."""
    now = datetime.now(UTC)
    end = last.date() if last else game_date_of(now)
    begin = first.date() if first else end - timedelta(days=standing.LOOK_BACK_DAYS)
    with _at(folder, project, env) as target:
        found = stale.plan(target.warehouse, begin, end, now)
    _show_rows(found, as_json)
    raise typer.Exit(1 if found else 0)


def trace(
    object_name: Annotated[str, typer.Argument(help="Full name of a landed object.")],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """What became of an object: receipts, refusals, and the runs that have read its tables since."""
    with _at(folder, project, env) as target:
        found = standing.trace(target.warehouse, object_name)
    _show_rows(found, as_json)
    raise typer.Exit(0 if found else 1)


def doctor(folder: Folder = None, project: Project = "", env: Env = "dev", as_json: AsJson = False) -> None:
    """Compare the environment with mesh.yaml and the table folders: servers, tables, buckets, workflows, tools."""
    with _at(folder, project, env) as target:
        found = standing.examine(target)
    _show_rows(found, as_json)
    raise typer.Exit(0 if all(each.good or not each.needed for each in found) else 1)


def _show_rows(found: Sequence[msgspec.Struct], as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(found))
    else:
        _print_rows(tuple(found))


def _print_rows(rows: tuple[msgspec.Struct, ...]) -> None:
    if not rows:
        return
    table = Table(*rows[0].__struct_fields__)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in msgspec.structs.astuple(row)))
    out.print(table)


def _tell(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(facts))
    else:
        out.print(*(f"{name}: {value}" for name, value in facts.items()), sep="\n", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Give an app these commands."""
    app.command("reprocess")(reprocess)
    app.command("status")(status)
    app.command("explain")(explain_command)
    app.command("plan")(plan)
    app.command("trace")(trace)
    app.command("doctor")(doctor)
