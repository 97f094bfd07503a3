"""`tipoff explain`: from a date or a player without a prediction to the first cause, and the command that mends it."""

from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.expected import Expected, GameDay
from tipoff.core.ids import player_lookup
from tipoff.steps.reconcile import assessed, game_days
from tipoff_ops.queries import load
from tipoff_ops.stale import command

REASONS = {
    "ruled_out": "the newest injury report before the cutoff lists him as out",
    "unresolved_player": "a report or a quote names him, and no known player has that name",
    "no_feature_row": "he is a candidate without a row in ml_feature_store_v2",
}


class Explained(msgspec.Struct, frozen=True):
    """The answer: what is so, the first cause, and a command where one helps."""

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


def explain_date(warehouse: Warehouse, day: date, now: datetime) -> Explained:
    """Why a date stands as it does: every output, and the first that is not there."""
    over = {"start_date": day, "end_date": day}
    (found,) = game_days(warehouse, over)
    rows = assessed(warehouse, over, [found], now)
    told = tuple(_line(row) for row in rows)
    bad = [row for row in rows if row.state not in ("COMPLETE", "EMPTY_OK")]
    roots = [row for row in bad if row.root]
    if not bad:
        return Explained(str(day), rows[0].state if not found.games else "COMPLETE", _calendar(found, rows), told)
    first = next((row for row in roots if row.state != "EXPECTED"), roots[0] if roots else bad[0])
    mend = "" if first.state == "EXPECTED" else command(day, day)
    return Explained(str(day), first.state, f"{first.output}: {first.cause}", told, mend)


def _calendar(day: GameDay, rows: tuple[Expected, ...]) -> str:
    return f"{day.games} games, all covered" if day.games else rows[0].cause


def _line(row: Expected) -> str:
    cause = f" ({row.cause})" if row.cause else ""
    return f"{row.output}: {row.state}, {row.actual_rows} of {row.expected_rows} games{cause}"


def explain_player(warehouse: Warehouse, name: str, day: date, now: datetime) -> Explained:
    """Why a player has, or has not, a prediction for a date."""
    lookup = player_lookup(name)
    found = warehouse.rows(load("player_on_date"), {"player_lookup": lookup, "game_date": day}, _Player)[0]
    subject = f"{lookup} on {day}"
    told = tuple(_evidence(found))
    if found.state == "predicted":
        return Explained(subject, "predicted", f"{found.systems} systems, cutoff {found.cutoff_at}", told)
    if found.state == "skipped":
        return Explained(subject, "skipped", f"{found.reason}: {REASONS.get(found.reason or '', '')}", told)
    if found.state == "missing" or not found.candidates:
        of_date = explain_date(warehouse, day, now)
        cause = of_date.cause if not found.candidates else f"his batch has not ended; {of_date.cause}"
        return Explained(subject, found.state or "no_slate", cause, (*told, *of_date.told), of_date.command)
    if not found.known_players:
        return Explained(subject, "unknown_player", f"no document has named a player {lookup}", told)
    return Explained(subject, "no_candidate", "his team does not play, or nothing placed him on one of its teams", told)


def _evidence(found: _Player) -> Iterator[str]:
    yield f"players known by that name: {found.known_players}; candidates of the date: {found.candidates}"
    if found.team_abbr:
        yield f"{found.team_abbr} in {found.game_id}, {found.slate_status}, cutoff {found.cutoff_at}"
    placed = {"an appearance": found.by_appearance, "a report": found.by_report, "a quote": found.by_quote}
    by = [what for what, is_so in placed.items() if is_so]
    if by:
        yield f"on the slate by {', '.join(by)}"
