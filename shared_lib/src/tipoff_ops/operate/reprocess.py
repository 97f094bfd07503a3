"""`tipoff reprocess`: start the workflow `reprocess` over a range of dates, show its progress, and resume it."""

from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from tipoff.steps.reconcile import game_days
from tipoff_ops.cli.options import AsJson, DryRun, Env, FirstDate, Folder, LastDate, Project
from tipoff_ops.cli.output import console, print_fields
from tipoff_ops.operate.explain.dates import explain_date
from tipoff_ops.operate.reprocess_run import (
    STEPS,
    ReprocessRange,
    ReprocessRun,
    RunProgress,
    new_as_of,
    start_or_resume,
)
from tipoff_ops.operate.target import Target, selected_target
from tipoff_ops.queries import load


class _RateColumn(ProgressColumn):
    """Units per second."""

    def render(self, task: Task) -> Text:
        """The present rate."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s")


def reprocess(
    first: FirstDate,
    last: LastDate,
    steps: Annotated[str, typer.Option("--steps", help=f"FIRST..LAST of {', '.join(STEPS)}.")] = "analyze..publish",
    force: Annotated[bool, typer.Option("--force", help="Ingest objects again that are ingested already.")] = False,
    dry_run: DryRun = False,
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Rebuild a range of dates with a workflow.

    Ctrl-C stops the display and not the workflow. The same command, run again, continues an unfinished run.

    Example: tipoff reprocess --from 2025-11-18 --to 2025-11-20
    """
    work = _range(first.date(), last.date(), steps, force)
    with selected_target(folder, project, env, functions=not dry_run) as target:
        if dry_run:
            _print_plan(target, work, as_json)
            return
        run = start_or_resume(target, work, new_as_of())
        seen = _watch(run)
        outcome = predictions_of(target, work) if "predict" in work.steps and not dry_run else None
    execution = seen.execution
    result = msgspec.json.decode(execution.result or "{}") if execution.state == "SUCCEEDED" else {}
    fields = {"state": execution.state, "done": seen.done, "total": seen.total, "as_of": run.as_of, "result": result}
    fields["error"] = execution.error
    if outcome is not None:
        fields |= msgspec.structs.asdict(outcome)
    print_fields(fields, as_json)
    raise typer.Exit(0 if result.get("outcome") == "ok" and not (outcome and outcome.why_none) else 1)


class PredictionsOfRange(msgspec.Struct, frozen=True):
    """How many predictions stand in a range, and why there are none although there are games."""

    predictions: int
    why_none: str


def predictions_of(target: Target, work: ReprocessRange) -> PredictionsOfRange:
    """The predictions of a range that was rebuilt; without any, the first cause of its first date with games."""
    dates = {"start_date": work.start_date, "end_date": work.end_date}
    found = target.warehouse.rows(load(__file__, "predictions_of_range"), dates, PredictionsOfRange)[0]
    days = [day for day in game_days(target.warehouse, dates) if day.games]
    if found.predictions or not days:
        return found
    cause = explain_date(target.warehouse, days[0].game_date, datetime.now(UTC)).cause
    return PredictionsOfRange(0, f"{days[0].game_date}: {cause}")


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
