"""Requests for the hourly injury reports: an index page links each report of the season."""

import re
from datetime import date, datetime

from tipoff.core.collect.judging import accept
from tipoff.core.collect.model import Answer, Host, Judgement, SourceRequest, Target, Verdict
from tipoff.core.contracts.routes import Template
from tipoff.core.game_date import EASTERN, eastern_instant, game_date_of

OBJECT_NAME = Template("nba-com/injury-report-pdf/{date}/{hour}/{ts}.pdf")
INDEX_HOST = Host("official.nba.com", 1.0)
REPORT_HOST = Host("ak-static.cms.nba.com", 0.5, forbids_absent=True)
_REPORT = re.compile(
    rb"https?://ak-static\.cms\.nba\.com(/referee/injury/"
    rb"Injury-Report_([0-9]{4}-[0-9]{2}-[0-9]{2})_([0-9]{2})(?:_([0-9]{2}))?([AP])M\.pdf)"
)


def index_request(target: Target) -> tuple[SourceRequest, ...]:
    """The page that links the reports of the season."""
    season = target.games[0].season
    return (
        SourceRequest(
            source="nbac_injury_report_pdf",
            host=INDEX_HOST,
            path=f"/nba-injury-report-{season}-season/",
            identity=f"nbac_injury_report_pdf/index/{season}",
            day=target.day,
            judge=judge_index,
            headers=(("Accept", "text/html"),),
            shape="html",
        ),
    )


def judge_index(request: SourceRequest, page: bytes) -> Judgement:
    """The index page must link reports."""
    if b"Injury-Report_" in page:
        return Judgement(Verdict.DOCUMENT)
    if b"njury" in page:
        return Judgement(Verdict.NOT_THERE_YET, "the page links no report yet")
    return Judgement(Verdict.ERROR_PAGE, "not the index of injury reports")


def report_requests(target: Target, request: SourceRequest, answer: Answer) -> tuple[SourceRequest, ...]:
    """The date's reports that the page links: the newest, or all of them in a backfill."""
    if request.shape != "html":
        return ()
    found = {_report_at(match): match.group(1).decode() for match in _REPORT.finditer(answer.body)}
    of_day = sorted(at for at in found if game_date_of(at) == target.day and at <= target.now)
    newest = of_day if target.is_backfill else of_day[-1:]
    return tuple(_report_request(target, found[at], at) for at in newest)


def _report_request(target: Target, path: str, at: datetime) -> SourceRequest:
    name = path.rpartition("_")[0].rpartition("/")[2]
    return SourceRequest(
        source="nbac_injury_report_pdf",
        host=REPORT_HOST,
        path=path,
        identity=f"nbac_injury_report_pdf/{name}_{at:%H%M}",
        day=target.day,
        judge=accept,
        template=OBJECT_NAME,
        name_fields={"date": target.day, "hour": f"{at.astimezone(EASTERN):%H}"},
        headers=(("Accept", "application/pdf"),),
        shape="pdf",
        snapshot_at=at,
    )


def _report_at(match: re.Match[bytes]) -> datetime:
    """UTC instant in a report's name. A name without minutes means half past."""
    day, hour, minute, half = (group.decode() if group else "" for group in match.group(2, 3, 4, 5))
    hours = int(hour) % 12 + (12 if half == "P" else 0)
    return eastern_instant(date.fromisoformat(day), hours, int(minute or "30"))
