"""Rows of an injury report in any format (our JSON, the original's JSON, PDF)."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

import msgspec

from tipoff.core import ids, teams
from tipoff.core.codes import Reason
from tipoff.core.contracts.decoding import PersonId
from tipoff.core.contracts.results import Content, DocumentRefused, Reject, Row, RowRefused, TableRows
from tipoff.core.contracts.routes import Route
from tipoff.core.game_date import EASTERN, eastern_instant, parse_iso

STATUSES = ("Out", "Doubtful", "Questionable", "Probable", "Available")
CLOCK_TOLERANCE = timedelta(minutes=10)  # a report may be dated this long after its capture
MAX_REASON = 400  # enough for the category; the longest reason of four seasons has 85
EARLIEST, LATEST = timedelta(days=-1), timedelta(days=7)  # of a game date, from the report's date
_MATCHUP = re.compile(r"([A-Z]{3})@([A-Z]{3})")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])( \(ET\))?")
_US_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_CATEGORIES: tuple[tuple[str, str], ...] = (
    ("g league", "g_league"),
    ("injury/illness", "injury_illness"),
    ("concussion", "injury_illness"),
    ("return to competition", "injury_illness"),
    ("health and safety", "injury_illness"),
    ("rest", "rest"),
    ("personal", "personal"),
    ("league suspension", "suspension"),
    ("team suspension", "suspension"),
    ("not with team", "not_with_team"),
    ("trade pending", "not_with_team"),
    ("coach", "coach_decision"),
)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One listed player as printed."""

    game_date: str
    matchup: str
    team: str
    player: str
    status: str
    game_time_et: str | None = None
    reason: str | None = None
    player_id: PersonId | None = None
    confidence: float | None = None


class NotSubmitted(msgspec.Struct, frozen=True, gc=False):
    """A team that has not submitted its report of a game yet."""

    game_date: str
    matchup: str
    team: str
    game_time_et: str | None = None


class Report(msgspec.Struct, frozen=True):
    """A report's header: its instant (UTC), Eastern date and hour, and the origin of the instant."""

    report_at: datetime
    day: date
    hour: int
    coverage: str | None
    time_basis: str | None
    source: str | None

    @classmethod
    def of(cls, report_at: datetime, coverage: str | None, time_basis: str | None, source: str | None) -> "Report":
        """The header of a report at this instant."""
        eastern = report_at.astimezone(EASTERN)
        return cls(report_at, eastern.date(), eastern.hour, coverage, time_basis, source)


class InjuryRow(Row, frozen=True, gc=False, kw_only=True):
    """A row of nbac_injury_report: a marker of the report, a team without a report, or a listing."""

    game_date: date
    row_kind: str
    row_index: int
    report_at: datetime
    report_date: date
    report_hour: int
    coverage: str | None
    time_basis: str | None
    report_source: str | None
    game_time_et: str | None = None
    tipoff_printed_at: datetime | None = None
    matchup: str | None = None
    game_id: str | None = None
    home_team_abbr: str | None = None
    away_team_abbr: str | None = None
    team: str | None = None
    team_abbr: str | None = None
    opponent_team_abbr: str | None = None
    player_name_original: str | None = None
    player_lookup: str | None = None
    player_id: int | None = None
    injury_status: str | None = None
    reason: str | None = None
    reason_category: str | None = None
    confidence: float | None = None


class _Meeting(msgspec.Struct, frozen=True):
    """The game of a printed line, from the perspective of the line's team."""

    game_date: date
    game_id: str
    away: str
    home: str
    team: str

    @property
    def opponent(self) -> str:
        """Tricode of the other team."""
        return self.home if self.team == self.away else self.away


def check_report_date(route: Route, report: Report) -> None:
    """Refuse (date_mismatch) a report with another Eastern date than its name, or one dated after its capture."""
    if route.day is not None and report.day != route.day:
        rule = "the name's date is the report's Eastern date"
        raise DocumentRefused(Reason.DATE_MISMATCH, rule, "report_time", report.report_at)
    if route.captured_at is not None and report.report_at > route.captured_at + CLOCK_TOLERANCE:
        rule = "a report is not dated after its capture"
        raise DocumentRefused(Reason.DATE_MISMATCH, rule, "report_time", report.report_at)


def listing(report: Report, record: Record, position: int) -> InjuryRow:
    """Row of one listed player.

    Raises:
        RowRefused: wrong_type or date_mismatch (game date), unknown_team, id_mismatch, schema (status, name, clock).
    """
    meeting = _meeting(report.day, record.game_date, record.matchup, record.team)
    lookup = ids.player_lookup(ids.flip_name(record.player))
    if not lookup:
        raise RowRefused(Reason.SCHEMA, "player", record.player, "a name holds letters")
    if record.status not in STATUSES:
        raise RowRefused(Reason.SCHEMA, "status", record.status, "one of the five statuses")
    clock = _clock(record.game_time_et)
    return InjuryRow(
        game_date=meeting.game_date,
        row_kind="listing",
        row_index=position,
        report_at=report.report_at,
        report_date=report.day,
        report_hour=report.hour,
        coverage=report.coverage,
        time_basis=report.time_basis,
        report_source=report.source,
        game_time_et=clock,
        tipoff_printed_at=_tipoff(meeting.game_date, clock),
        matchup=record.matchup,
        game_id=meeting.game_id,
        home_team_abbr=meeting.home,
        away_team_abbr=meeting.away,
        team=record.team,
        team_abbr=meeting.team,
        opponent_team_abbr=meeting.opponent,
        player_name_original=record.player,
        player_lookup=lookup,
        player_id=record.player_id,
        injury_status=record.status,
        reason=record.reason,
        reason_category=_category(record.reason[:MAX_REASON]) if record.reason else None,
        confidence=record.confidence,
    )


def silent(report: Report, entry: NotSubmitted, position: int) -> InjuryRow:
    """Row of a team that has not submitted.

    Raises:
        RowRefused: as `listing`.
    """
    meeting = _meeting(report.day, entry.game_date, entry.matchup, entry.team)
    clock = _clock(entry.game_time_et)
    return InjuryRow(
        game_date=meeting.game_date,
        row_kind="not_submitted",
        row_index=position,
        report_at=report.report_at,
        report_date=report.day,
        report_hour=report.hour,
        coverage=report.coverage,
        time_basis=report.time_basis,
        report_source=report.source,
        game_time_et=clock,
        tipoff_printed_at=_tipoff(meeting.game_date, clock),
        matchup=entry.matchup,
        game_id=meeting.game_id,
        home_team_abbr=meeting.home,
        away_team_abbr=meeting.away,
        team=entry.team,
        team_abbr=meeting.team,
        opponent_team_abbr=meeting.opponent,
    )


def stated_date(text: object) -> date | None:
    """The game date that a line states; None if it states none."""
    try:
        return _game_date(text) if isinstance(text, str) else None
    except ValueError:
        return None


def assemble(
    report: Report, rows: Sequence[InjuryRow], rejects: Sequence[Reject], refused_dates: Sequence[date | None]
) -> Content:
    """Content of a report: a marker row for each date that was read whole, then its rows.

    A report covers its own date, the next one, and the dates it lists. Its marker ends what earlier reports listed for
    the date, also if the report lists nobody. A date of which a line was refused has no marker: what was not read
    changes nothing that is known. A player listed twice has one row.

    Args:
        report: the header.
        rows: the rows that were read.
        rejects: the lines that were refused.
        refused_dates: the game date of each refused line; None if it is unreadable.

    Raises:
        DocumentRefused: the first reject, if no line of a report with lines was read.
    """
    if rejects and not rows:
        first = rejects[0]
        raise DocumentRefused(first.code, f"no line of the report was read: {first.rule}", first.field, first.value)
    kept, repeated = _without_repeats(rows)
    days = {report.day, report.day + timedelta(days=1)} | {row.game_date for row in rows}
    unread = days if None in refused_dates else set(refused_dates)
    markers = tuple(_marker(report, day) for day in sorted(days - unread))
    note = None if rows or rejects else Reason.EMPTY_LIST
    table = TableRows("nbac_injury_report", (*markers, *kept))
    return Content((table,), report.report_at, (*rejects, *repeated), note, marker_rows=len(markers))


def _marker(report: Report, day: date) -> InjuryRow:
    return InjuryRow(
        game_date=day,
        row_kind="report",
        row_index=0,
        report_at=report.report_at,
        report_date=report.day,
        report_hour=report.hour,
        coverage=report.coverage,
        time_basis=report.time_basis,
        report_source=report.source,
    )


def _without_repeats(rows: Sequence[InjuryRow]) -> tuple[list[InjuryRow], list[Reject]]:
    kept: dict[tuple[object, ...], InjuryRow] = {}
    rejects: list[Reject] = []
    for row in rows:
        key = (row.game_id, row.row_kind, row.team_abbr, row.player_lookup)
        if key in kept:
            refusal = RowRefused(Reason.DUPLICATE_PLAYER, "player", row.player_name_original, "listed once for a game")
            rejects.append(refusal.at(f"$[{row.row_index - 1}]", row.row_index - 1))
        else:
            kept[key] = row
    return list(kept.values()), rejects


@lru_cache(maxsize=4096)
def _game_date(text: str) -> date:
    if match := _US_DATE.fullmatch(text):
        month, day, year = match.groups()
        return parse_iso(f"{year}-{month}-{day}")
    return parse_iso(text)


@lru_cache(maxsize=8192)
def _meeting(report_day: date, day_text: str, matchup: str, team_name: str) -> _Meeting:
    try:
        day = _game_date(day_text)
    except ValueError as error:
        raise RowRefused(Reason.WRONG_TYPE, "game_date", day_text, "a date reads YYYY-MM-DD or MM/DD/YYYY") from error
    if not report_day + EARLIEST <= day <= report_day + LATEST:
        raise RowRefused(Reason.DATE_MISMATCH, "game_date", day_text, "a report covers the week after it")
    match = _MATCHUP.fullmatch(matchup)
    if match is None:
        raise RowRefused(Reason.SCHEMA, "matchup", matchup, "a matchup reads AWAY@HOME")
    team = teams.by_full_name(team_name) or teams.by_code(team_name)
    away, home = (teams.by_code(code) for code in match.groups())
    if team is None or away is None or home is None or away is home:
        value = team_name if team is None else matchup
        raise RowRefused(Reason.UNKNOWN_TEAM, "team" if team is None else "matchup", value, "teams are NBA teams")
    if team not in (away, home):
        raise RowRefused(Reason.ID_MISMATCH, "team", team_name, "the team is one of the matchup's")
    game_id = ids.platform_id(day, away.tricode, home.tricode)
    return _Meeting(day, game_id, away.tricode, home.tricode, team.tricode)


@lru_cache(maxsize=1024)
def _clock(text: str | None) -> str | None:
    """24-hour `HH:MM` of a printed tip-off. A 12-hour time means noon to 11:59 pm."""
    if text is None:
        return None
    match = _CLOCK.fullmatch(text)
    if match is None or int(match.group(1)) > 23:
        raise RowRefused(Reason.SCHEMA, "game_time_et", text, "a clock reads HH:MM")
    hour, minute, eastern = match.groups()
    printed = int(hour) % 12 + 12 if eastern else int(hour)
    return f"{printed:02d}:{minute}"


def _tipoff(day: date, clock: str | None) -> datetime | None:
    return eastern_instant(day, int(clock[:2]), int(clock[3:])) if clock else None


@lru_cache(maxsize=8192)
def _category(reason: str) -> str:
    found = [(place, category) for phrase, category in _CATEGORIES if (place := reason.lower().find(phrase)) >= 0]
    return min(found)[1] if found else "other"  # the first phrase found decides; a misprint may precede it
