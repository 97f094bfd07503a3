"""The `tipoff` command: the table of its commands."""

import sys
from importlib.metadata import version
from types import TracebackType
from typing import Annotated

import typer
from typer.main import get_command

from tipoff_ops.cli.apps import lazy_app

COMMANDS = {
    "run": ("tipoff_ops.run.run:run", "Play days on the local cloud and grade the predictions."),
    "build": ("tipoff_ops.build.build:build", "Write everything that is deployed into dist/."),
    "generate": (
        "tipoff_ops.build.generate:generate",
        "Write the generated files that are kept in git.",
    ),
    "status": ("tipoff_ops.operate.status:status", "Show what is complete, late, failed or in quarantine."),
    "explain": (
        "tipoff_ops.operate.explain.command:explain",
        "Explain why a prediction is missing, and how to fix it.",
    ),
    "plan": ("tipoff_ops.operate.plan:plan", "List stale and missing outputs, with a command for each."),
    "reprocess": (
        "tipoff_ops.operate.reprocess.command:reprocess",
        "Rebuild a range of dates with a workflow.",
    ),
    "sql": ("tipoff_ops.operate.sql:sql", "Ask the warehouse one question; read only."),
    "cost": ("tipoff_ops.cost.command:cost", "Show what a day cost, by component and cause."),
    "trace": ("tipoff_ops.operate.trace:trace", "Show what happened to an object."),
    "doctor": ("tipoff_ops.operate.doctor:doctor", "Compare the environment with its declared resources."),
    "smoke": ("tipoff_ops.deploy.smoke:smoke", "Try a deployment in a real project, and remove it."),
    "ingest": ("tipoff_ops.intake.ingest:ingest", "Send documents through a local cloud; report outcomes."),
    "collect": ("tipoff_ops.intake.collect:collect", "Fetch a source into the landing bucket, date by date."),
    "quarantine": ("tipoff_ops.intake.quarantine:app", "List, show and replay what was refused."),
    "verify": ("tipoff_ops.corpus.verify:verify", "Compare the tables with the expected tables of a corpus."),
    "backtest": ("tipoff_ops.backtest.backtest:backtest", "Predict a past season week by week, and score it."),
    "measure-contract": (
        "tipoff_ops.column_contracts.measure_contract:measure_contract",
        "Print measured bounds for the column contracts.",
    ),
    "model": ("tipoff_ops.operate.model:app", "List the registered models, and activate one of them."),
    "local": ("tipoff_ops.local.commands:app", "Start, inspect and stop the local cloud."),
}

app = lazy_app(
    "Run and operate Tipoff. Exit codes: 0 success, 1 a problem was found, 2 wrong usage.", COMMANDS, completion=True
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tipoff {version('tipoff')}")
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Run and operate Tipoff. Exit codes: 0 success, 1 a problem was found, 2 wrong usage."""


def main() -> None:
    """Run the command line: the entry point of the console script."""
    sys.excepthook = _tell
    get_command(app)()  # `app()` would put a hook of typer's in the place of ours


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the sentence of an exception that the user can repair; any other one is a bug and has its traceback."""
    from tipoff_ops.cli.mistakes import sentence
    from tipoff_ops.cli.output import print_failure

    told = sentence(error)
    if told is None:
        sys.__excepthook__(kind, error, trace)
    else:
        print_failure(told)
