"""The command `tipoff explain`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from msgspec import structs

from tipoff.cloud.bigquery import Warehouse
from tipoff_ops.cli.options import AsJson, Env, Folder, Project
from tipoff_ops.cli.output import as_typed, out, print_json
from tipoff_ops.operate.explain.dates import explain_date
from tipoff_ops.operate.explain.explanation import GOOD_STATES, Explanation
from tipoff_ops.operate.explain.games import explain_game, game_named
from tipoff_ops.operate.explain.players import explain_player
from tipoff_ops.operate.target import Target, selected_target


def explain(
    words: Annotated[
        list[str], typer.Argument(metavar="DATE [PLAYER | GAME]", help="A date, and a player's name, a team or a game.")
    ],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Explain why a prediction is missing, and how to fix it.

    Prints the first cause and, where one helps, the command that repairs it. Of a predicted player it prints the
    forecasts, their line and the injury reports.

    Example: tipoff explain 2025-11-20 jokic
    """
    day, name = date_and_name(words)
    with selected_target(folder, project, env) as target:
        found = possible_here(target, explained(target.warehouse, day, name, datetime.now(UTC)))
    if as_json:
        print_json(found)
    else:
        _print(found)
    raise typer.Exit(0 if found.state in GOOD_STATES else 1)


def explained(warehouse: Warehouse, day: date, name: str, now: datetime) -> Explanation:
    """Explain a date; or a game of it, or a player, that a person named."""
    if not name:
        return explain_date(warehouse, day, now)
    game = game_named(warehouse, day, name)
    return explain_game(warehouse, game, now) if game else explain_player(warehouse, name, day, now)


def possible_here(target: Target, found: Explanation) -> Explanation:
    """The explanation without a command that has no effect: a local cloud collects nothing from outside."""
    if not found.command.startswith("tipoff collect") or target.settings.bigquery_emulator_host is None:
        return found
    told = (*found.told, "a local cloud collects nothing: write the document into its landing bucket")
    return found if target.settings.sources_emulator_host else structs.replace(found, told=told, command="")


def date_and_name(words: Sequence[str]) -> tuple[date, str]:
    """The word that is a date, and the others as a name; the order does not matter.

    Raises:
        BadParameter: no word is a date.
    """
    for word in words:
        try:
            day = date.fromisoformat(word)
        except ValueError:
            continue
        return day, " ".join(other for other in words if other != word)
    raise typer.BadParameter("give a date as YYYY-MM-DD")


def _print(found: Explanation) -> None:
    out.print(f"{found.subject}: {found.state}", found.cause, *found.told, sep="\n  ", soft_wrap=True)
    if found.command:
        out.print(f"repair: {as_typed(found.command)}", soft_wrap=True)
