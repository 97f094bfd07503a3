"""Why a player has, or has not, a prediction for a date."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

import msgspec

from tipoff.cloud.bigquery import Warehouse
from tipoff.core.game_date import EASTERN
from tipoff_ops.operate.explain.dates import explain_date
from tipoff_ops.operate.explain.explanation import Explanation
from tipoff_ops.operate.explain.people import Found, find_player
from tipoff_ops.queries import load


class PlayerOnDate(msgspec.Struct, frozen=True):
    """What the tables know of a player on a date; None where they know nothing."""

    candidates: int
    games_of_date: int
    team_abbr: str | None
    game_id: str | None
    slate_status: str | None
    state: str | None
    reason: str | None
    systems: int | None
    cutoff_at: datetime | None
    report_at: datetime | None
    player_status: str | None
    injury_report: str | None
    by_appearance: bool | None
    by_report: bool | None
    by_quote: bool | None
    games_before: int
    last_game_date: date | None
    newest_team_abbr: str | None
    game_of_newest_team: str | None


class Forecast(msgspec.Struct, frozen=True):
    """The forecast of one system, its line, and its grade if the game is over."""

    system_id: str
    predicted_pts: float
    line_pts: float | None
    line_bookmaker: str | None
    recommendation: str
    cutoff_at: datetime
    reasons: str
    warnings: str
    actual_pts: int | None
    outcome: str | None


class Told(msgspec.Struct, frozen=True):
    """What one document said of a player: his line, or his status."""

    told_at: datetime
    kind: str
    what: str
    source_object: str


def explain_player(warehouse: Warehouse, name: str, day: date, now: datetime) -> Explanation:
    """Explain why a player has, or has not, a prediction for a date."""
    found = find_player(warehouse, name, day)
    if found.player is None:
        return _not_found(name, day, found)
    parameters = {"player_lookup": found.player.player_lookup, "game_date": day}
    on_date = warehouse.rows(load(__file__, "player_on_date"), parameters, PlayerOnDate)[0]
    told = warehouse.rows(load(__file__, "player_documents"), parameters, Told)
    subject = f"{found.player.player_name} on {day}"
    evidence = (*_candidacy(on_date), *map(_told_line, told))
    if on_date.state == "predicted":
        forecasts = warehouse.rows(load(__file__, "player_forecasts"), parameters, Forecast)
        cause = f"{on_date.systems} systems, before {_eastern(on_date.cutoff_at)}"
        return Explanation(subject, "predicted", cause, (*map(_forecast_line, forecasts), *evidence))
    if on_date.state == "skipped":
        return Explanation(subject, "skipped", skipped_cause(on_date), evidence)
    return without_outcome(subject, on_date, evidence, lambda: explain_date(warehouse, day, now))


def _not_found(name: str, day: date, found: Found) -> Explanation:
    told = tuple(f"{each.player_name}{' (on the slate)' if each.on_slate else ''}" for each in found.suggested)
    if found.suggested:
        cause = f"no document names exactly one player {name!r}; did you mean one of these?"
        return Explanation(f"{name} on {day}", "ambiguous_name", cause, told, f"tipoff explain {day} '{_best(found)}'")
    return Explanation(f"{name} on {day}", "unknown_player", f"no document has named a player {name!r}", ())


def _best(found: Found) -> str:
    return next((each for each in found.suggested if each.on_slate), found.suggested[0]).player_name


def skipped_cause(found: PlayerOnDate) -> str:
    """Why a candidate was not predicted."""
    if found.reason == "ruled_out":
        why = f" ({found.injury_report})" if found.injury_report else ""
        report = f" by the report of {_eastern(found.report_at)}" if found.report_at else " before the cutoff"
        return f"ruled out{report}{why}"
    if found.reason == "unresolved_player":
        return "a report or a quote names him, and no box score has: he has no player_id"
    if found.reason == "no_feature_row":
        games = f"{found.games_before} games in the last 400 days"
        return f"he is a candidate without a row in ml_feature_store_v2; he has {games} before this date"
    return found.reason or ""


def without_outcome(
    subject: str, found: PlayerOnDate, evidence: Sequence[str], of_date: Callable[[], Explanation]
) -> Explanation:
    """Explain why a player was neither predicted nor skipped; `of_date` explains the date."""
    told = tuple(evidence)
    if not found.games_of_date:
        return Explanation(subject, "no_game", "no game is scheduled on this date", told)
    if found.newest_team_abbr and not found.game_of_newest_team:
        cause = f"his newest team, {found.newest_team_abbr}, has no game on this date"
        return Explanation(subject, "no_game", cause, told)
    if found.state == "missing" or not found.candidates:
        date_of = of_date()
        cause = f"his batch has not ended; {date_of.cause}" if found.candidates else date_of.cause
        return Explanation(subject, found.state or "no_slate", cause, (*told, *date_of.told), date_of.command)
    return Explanation(subject, "no_candidate", _no_candidate(found), told)


def _no_candidate(found: PlayerOnDate) -> str:
    unnamed = "no report or quote before the cutoff names him"
    if not found.games_before:
        return f"he has no game in the last 400 days, and {unnamed}"
    last = f"he last appeared on {found.last_game_date}"
    return f"{found.newest_team_abbr} plays, but he is not on its slate: {last}, and {unnamed}"


def _candidacy(found: PlayerOnDate) -> Iterator[str]:
    if found.game_id:
        yield f"{found.team_abbr} in {found.game_id}, {found.slate_status}, cutoff {_eastern(found.cutoff_at)}"
    sources = {"an appearance": found.by_appearance, "a report": found.by_report, "a quote": found.by_quote}
    listed_by = [source for source, lists in sources.items() if lists]
    if listed_by:
        yield f"on the slate by {', '.join(listed_by)}"
    if found.last_game_date:
        newest = f"the newest on {found.last_game_date} for {found.newest_team_abbr}"
        yield f"{found.games_before} games in 400 days, {newest}"


def _forecast_line(forecast: Forecast) -> str:
    line = f", line {forecast.line_pts:g} ({forecast.line_bookmaker})" if forecast.line_pts is not None else ", no line"
    actual = f", scored {forecast.actual_pts}" if forecast.actual_pts is not None else ""
    grade = f", {forecast.outcome}" if forecast.outcome else ""
    reasons = "; ".join(text for text in (forecast.reasons, forecast.warnings) if text)
    because = f" [{reasons}]" if reasons else ""
    points = f"{forecast.system_id}: {forecast.predicted_pts:g} points"
    return f"{points}{line}, {forecast.recommendation}{actual}{grade}{because}"


def _told_line(told: Told) -> str:
    return f"{told.kind} of {_eastern(told.told_at)}: {told.what} (tipoff trace {told.source_object})"


def _eastern(instant: datetime | None) -> str:
    return f"{instant.astimezone(EASTERN):%Y-%m-%d %H:%M} Eastern" if instant else "an unknown instant"
