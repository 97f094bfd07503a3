"""The hourly injury report of the whole league."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

from tipoff.sources import object_name
from tipoff_sim.calendar import EASTERN, Game, eastern
from tipoff_sim.document import Document, Kind
from tipoff_sim.shapes import ReportDocument, ReportGap, ReportMetadata, ReportRecord
from tipoff_sim.stamps import iso_eastern, iso_utc
from tipoff_sim.world import Matchup, Side

_ENCODER = msgspec.json.Encoder()
_HOURS_ON_GAME_DAYS = range(13, 23)
_HOURS_ON_OTHER_DAYS = (17, 21)


def report_instants(day: date, games: Iterable[Game]) -> list[datetime]:
    """When the reports of a date appear: hourly from 13:30 to 22:30 Eastern, earlier for an early game, and twice on a
    date without games."""
    today = [game for game in games if game.game_date == day]
    if not today:
        return [eastern(day, hour, 30) for hour in _HOURS_ON_OTHER_DAYS]
    first = min(game.tipoff_at.astimezone(EASTERN).hour for game in today)
    return [eastern(day, hour, 30) for hour in range(min(_HOURS_ON_GAME_DAYS.start, first - 2), 23)]


def injury_report(at: datetime, shown: tuple[Matchup, ...]) -> Document:
    """The report at instant `at`, for the games of its date and of the next, in order of tip-off."""
    records: list[ReportRecord] = []
    gaps: list[ReportGap] = []
    for matchup in shown:
        for side in (matchup.away, matchup.home):
            if side.submitted_at > at:
                gaps.append(ReportGap(f"{matchup.game.game_date}", matchup.game.matchup, side.team.full_name))
            else:
                records.extend(_records(matchup.game, side, at))
    body = _ENCODER.encode(ReportDocument(_metadata(at, len(records)), records, gaps))
    day = at.astimezone(EASTERN).date()
    return Document(object_name(Kind.INJURY_REPORT, date=day, ts=at), at, body, Kind.INJURY_REPORT)


def is_shown(game: Game, at: datetime) -> bool:
    """Whether a report at instant `at` covers a game: it is today or tomorrow, and not postponed."""
    day = at.astimezone(EASTERN).date()
    near = day <= game.game_date <= day + timedelta(days=1)
    return near and not (game.is_postponed and game.called_off_at <= at) and game.known_from <= at


def _records(game: Game, side: Side, at: datetime) -> Iterable[ReportRecord]:
    """Listed players of a team by last name."""
    local = game.tipoff_at.astimezone(EASTERN)
    for member in sorted(side.members, key=lambda one: one.player.name.reversed):
        status = member.health.status_at(at)
        if status is not None:
            yield ReportRecord(
                game_date=f"{game.game_date}",
                game_time_et=f"{local:%H:%M}",
                matchup=game.matchup,
                team=side.team.full_name,
                player=member.player.name.reversed,
                status=status,
                reason=member.health.reason,
            )


def _metadata(at: datetime, records: int) -> ReportMetadata:
    local = at.astimezone(EASTERN)
    return ReportMetadata(
        report_time_et=iso_eastern(at),
        report_time_utc=iso_utc(at),
        source="nba-injury-report-pdf",
        coverage="all_statuses",
        time_basis="pdf_header",
        file=f"Injury-Report_{local:%Y-%m-%d_%I%p}.pdf",
        pages=1 + records // 18,
    )
