"""`tipoff reprocess`: start the workflow `reprocess` over a range of dates, show its progress, and resume it."""

from datetime import date
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from tipoff.steps.reconcile import game_days
from tipoff_ops.cli.options import AsJson, DryRun, Env, FirstDate, Folder, LastDate, Project
from tipoff_ops.cli.output import console, print_fields
from tipoff_ops.operate.reprocess_run import (
    STEPS,
    ReprocessRange,
    ReprocessRun,
    RunProgress,
    new_as_of,
    start_or_resume,
)
from tipoff_ops.operate.target import Target, selected_target


class _RateColumn(ProgressColumn):
    """Units per second."""

    def render(self, task: Task) -> Text:
        """The present rate."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s")


def reprocess(
    first: FirstDate,
    last: LastDate,
    steps: Annotated[str, typer.Option("--steps", help=f"FIRST..LAST of {', '.join(STEPS)}.")] = "analyze..grade",
    force: Annotated[bool, typer.Option("--force", help="Ingest objects again that are ingested already.")] = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Rebuild a range of dates with a workflow.

    Ctrl-C stops the display and not the workflow. The same command, run again, continues an unfinished run.
    """
    work = _range(first.date(), last.date(), steps, force)
    with selected_target(folder, project, env) as target:
        if dry_run:
            _print_plan(target, work, as_json)
            return
        run = start_or_resume(target, work, new_as_of())
        seen = _watch(run)
    execution = seen.execution
    result = msgspec.json.decode(execution.result or "{}") if execution.state == "SUCCEEDED" else {}
    fields = {"state": execution.state, "done": seen.done, "total": seen.total, "as_of": run.as_of, "result": result}
    print_fields(fields | ({"error": execution.error} if execution.error else {}), as_json)
    raise typer.Exit(0 if result.get("outcome") == "ok" else 1)


def _range(first: date, last: date, steps: str, force: bool) -> ReprocessRange:
    first_step, _, last_step = steps.partition("..")
    for step in (first_step, last_step or first_step):
        if step not in STEPS:
            raise typer.BadParameter(f"{step!r} is none of {', '.join(STEPS)}", param_hint="--steps")
    work = ReprocessRange(first, last, first_step, last_step or first_step, force)
    if last < first or not work.steps:
        raise typer.BadParameter("the last date or step is before the first")
    return work


def _print_plan(target: Target, work: ReprocessRange, as_json: bool) -> None:
    dates = {"start_date": work.start_date, "end_date": work.end_date}
    games = sum(day.games for day in game_days(target.warehouse, dates))
    fields = {"dates": work.days, "games": games, "steps": work.steps, "units": work.units}
    print_fields(fields | {"estimated_usd": round(work.estimate.dollars, 4)}, as_json)


def _watch(run: ReprocessRun) -> RunProgress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
    )
    try:
        console.print(f"{'continuing' if run.resumed else 'started'} {run.execution.name.rpartition('/')[2]}")
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(f"{run.work.start_date} to {run.work.end_date}", total=run.work.units)
            for seen in run.watch():
                progress.update(task, completed=seen.done)
    except KeyboardInterrupt:
        console.print("the workflow continues; the same command shows its progress again")
        raise typer.Exit(1) from None
    return seen
