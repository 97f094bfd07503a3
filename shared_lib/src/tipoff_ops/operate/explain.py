"""`tipoff explain`: why a date or a player has no prediction, and the command that repairs it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
import typer

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.expected import Expected, GameDay
from tipoff.core.ids import player_lookup
from tipoff.steps.reconcile import assessed, game_days
from tipoff_ops.cli.options import AsJson, Env, Folder, Project
from tipoff_ops.cli.output import out, print_json
from tipoff_ops.operate.plan import rebuild_command
from tipoff_ops.operate.target import selected_target
from tipoff_ops.queries import load

REASONS = {
    "ruled_out": "the newest injury report before the cutoff lists the player as out",
    "unresolved_player": "a report or a quote names the player, and no known player has that name",
    "not_on_slate": "the player was predicted before and is no candidate of the game any more",
    "no_feature_row": "the player is a candidate without a row in ml_feature_store_v2",
}
GOOD_STATES = ("COMPLETE", "EMPTY_OK", "predicted", "skipped")


class Explanation(msgspec.Struct, frozen=True):
    """Why a date or a player is in its state.

    Attributes:
        cause: the first cause.
        told: the evidence, a line for each output or fact.
        command: the command that repairs it; empty if no command helps.
    """

    subject: str
    state: str
    cause: str
    told: tuple[str, ...]
    command: str = ""


class _Player(msgspec.Struct, frozen=True):
    known_players: int
    candidates: int
    team_abbr: str | None
    game_id: str | None
    slate_status: str | None
    state: str | None
    reason: str | None
    systems: int | None
    cutoff_at: datetime | None
    by_appearance: bool | None
    by_report: bool | None
    by_quote: bool | None


def explain(
    words: Annotated[list[str], typer.Argument(metavar="DATE [PLAYER]", help="A date, and a player's name.")],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    as_json: AsJson = False,
) -> None:
    """Explain why a prediction is missing, and how to fix it.

    Prints the first cause and, where one helps, the command that repairs it.
    """
    day, name = _date_and_name(words)
    now = datetime.now(UTC)
    with selected_target(folder, project, env) as target:
        warehouse = target.warehouse
        found = explain_player(warehouse, name, day, now) if name else explain_date(warehouse, day, now)
    if as_json:
        print_json(found)
    else:
        out.print(f"{found.subject}: {found.state}", found.cause, *found.told, sep="\n  ", highlight=False)
        out.print(found.command, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found.state in GOOD_STATES else 1)


def _date_and_name(words: Sequence[str]) -> tuple[date, str]:
    """The word that is a date, and the others as a name; the order does not matter."""
    for word in words:
        try:
            day = date.fromisoformat(word)
        except ValueError:
            continue
        return day, " ".join(other for other in words if other != word)
    raise typer.BadParameter("give a date as YYYY-MM-DD")


def explain_date(warehouse: Warehouse, day: date, now: datetime) -> Explanation:
    """Explain the state of a date: the state of every output, and the first cause of what is not complete."""
    dates = {"start_date": day, "end_date": day}
    (game_day,) = game_days(warehouse, dates)
    rows = assessed(warehouse, dates, [game_day], now)
    evidence = tuple(_output_line(row) for row in rows)
    incomplete = [row for row in rows if row.state not in ("COMPLETE", "EMPTY_OK")]
    if not incomplete:
        state = "COMPLETE" if game_day.games else rows[0].state
        return Explanation(str(day), state, _complete_cause(game_day, rows), evidence)
    roots = [row for row in incomplete if row.root]
    first = next((row for row in roots if row.state != "EXPECTED"), roots[0] if roots else incomplete[0])
    command = "" if first.state == "EXPECTED" else rebuild_command(day, day)
    return Explanation(str(day), first.state, f"{first.output}: {first.cause}", evidence, command)


def _complete_cause(day: GameDay, rows: Sequence[Expected]) -> str:
    return f"{day.games} games, all covered" if day.games else rows[0].cause


def _output_line(row: Expected) -> str:
    cause = f" ({row.cause})" if row.cause else ""
    return f"{row.output}: {row.state}, {row.actual_rows} of {row.expected_rows} games{cause}"


def explain_player(warehouse: Warehouse, name: str, day: date, now: datetime) -> Explanation:
    """Explain why a player has, or has not, a prediction for a date."""
    lookup = player_lookup(name)
    parameters = {"player_lookup": lookup, "game_date": day}
    found = warehouse.rows(load(__file__, "player_on_date"), parameters, _Player)[0]
    subject = f"{lookup} on {day}"
    evidence = tuple(_player_evidence(found))
    if found.state == "predicted":
        return Explanation(subject, "predicted", f"{found.systems} systems, cutoff {found.cutoff_at}", evidence)
    if found.state == "skipped":
        return Explanation(subject, "skipped", f"{found.reason}: {REASONS.get(found.reason or '', '')}", evidence)
    if found.state == "missing" or not found.candidates:
        of_date = explain_date(warehouse, day, now)
        cause = f"the player's batch has not ended; {of_date.cause}" if found.candidates else of_date.cause
        return Explanation(subject, found.state or "no_slate", cause, (*evidence, *of_date.told), of_date.command)
    if not found.known_players:
        return Explanation(subject, "unknown_player", f"no document has named a player {lookup}", evidence)
    cause = "the player's team has no game, or no document lists the player with a team that has one"
    return Explanation(subject, "no_candidate", cause, evidence)


def _player_evidence(found: _Player) -> Iterator[str]:
    yield f"players known by that name: {found.known_players}; candidates of the date: {found.candidates}"
    if found.team_abbr:
        yield f"{found.team_abbr} in {found.game_id}, {found.slate_status}, cutoff {found.cutoff_at}"
    sources = {"an appearance": found.by_appearance, "a report": found.by_report, "a quote": found.by_quote}
    listed_by = [source for source, lists in sources.items() if lists]
    if listed_by:
        yield f"on the slate by {', '.join(listed_by)}"
