"""NBA injury report as JSON (ours or the original's). Row-wise."""

from datetime import date, datetime
from typing import Any

import msgspec

from tipoff.core.codes import DocumentOutcome, Reason
from tipoff.core.contracts import decoding
from tipoff.core.contracts.injury_rows import (
    InjuryRow,
    NotSubmitted,
    Record,
    Report,
    assemble,
    check_report_date,
    listing,
    silent,
    stated_date,
)
from tipoff.core.contracts.nba_common import Instant
from tipoff.core.contracts.results import Content, DocumentRefused, Reject, RowRefused
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.game_date import eastern_instant, to_utc
from tipoff.core.source import Source

PARSE_SEQ = 3
QUARTER_HOURS_SINCE = date(2025, 12, 22)  # four reports an hour; before, one at half past


class Metadata(msgspec.Struct, frozen=True):
    """Header of our own structured report."""

    report_time_utc: Instant
    report_time_et: Instant | None = None
    coverage: str | None = None
    time_basis: str | None = None
    source: str | None = None


class Document(msgspec.Struct, frozen=True):
    """Our structured report, with undecoded records."""

    metadata: Metadata
    records: list[Any]
    not_yet_submitted: list[Any] = []


class OriginalMetadata(msgspec.Struct, frozen=True):
    """Header of the original's parsed report: the Eastern date, hour and, in later ones, minute that it asked for."""

    gamedate: str | None = None
    hour24: str | int | None = None
    minute: str | int | None = None
    is_empty_report: bool = False
    no_data_reason: str | None = None


class OriginalDocument(msgspec.Struct, frozen=True):
    """The original's parsed report."""

    records: list[Any]
    metadata: OriginalMetadata = OriginalMetadata()


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_injury_report: the complete content of one report.

    Raises:
        DocumentRefused: any code of the envelope; date_mismatch if name and header have different Eastern dates;
            empty_document (ignored) for the placeholder of a report that could not be fetched.
    """
    tree = decoding.check_json(body)
    if route.hour is not None and not _has_own_header(tree):
        document = decoding.typed(tree, OriginalDocument)
        _check_was_read(document)
        return _content(_original_header(route, document.metadata), [_ours(raw) for raw in document.records], [])
    own = decoding.typed(tree, Document)
    report = _header(own.metadata)
    check_report_date(route, report)
    return _content(report, own.records, own.not_yet_submitted)


def _check_was_read(document: OriginalDocument) -> None:
    """Ignore a document without records: the original writes it when the report cannot be fetched or read."""
    if not document.records:
        why = document.metadata.no_data_reason or "no records"
        rule = "a parsed report without records says nothing of its date"
        raise DocumentRefused(Reason.EMPTY_DOCUMENT, rule, "$.records", why, DocumentOutcome.IGNORED)


def _has_own_header(tree: Any) -> bool:
    metadata = tree.get("metadata") if isinstance(tree, dict) else None
    return isinstance(metadata, dict) and "report_time_utc" in metadata


def _header(metadata: Metadata) -> Report:
    try:
        report_at = to_utc(metadata.report_time_utc)
    except ValueError as error:
        field = "$.metadata.report_time_utc"
        raise DocumentRefused(Reason.DATE_MISMATCH, str(error), field, metadata.report_time_utc) from error
    if metadata.report_time_et not in (None, report_at):
        rule = "report_time_et and report_time_utc are one instant"
        raise DocumentRefused(Reason.DATE_MISMATCH, rule, "$.metadata.report_time_et", metadata.report_time_et)
    return Report.of(report_at, metadata.coverage, metadata.time_basis, metadata.source)


def _original_header(route: Route, metadata: OriginalMetadata) -> Report:
    """The header of the original's report. It is dated by what it says, and never early.

    Until 2025-12-21 there was one report an hour, stamped at half past. Since then there are four. A document that
    states no minute was then the newest quarter of its hour at its capture.
    """
    if route.day is None or route.hour is None or route.captured_at is None:
        raise ValueError("the name of an original injury report has date, hour and capture instant")
    _check_stated(metadata.gamedate, f"{route.day:%Y%m%d}", "gamedate")
    _check_stated(metadata.hour24, route.hour, "hour24")
    if metadata.minute is not None:
        minute, basis = _minute(metadata.minute), "minute_of_document"
    elif route.day < QUARTER_HOURS_SINCE:
        minute, basis = 30, "hour_of_name_and_30_minutes"
    else:
        minute, basis = _newest_quarter(route.day, route.hour, route.captured_at), "quarter_hour_at_capture"
    report_at = eastern_instant(route.day, route.hour, minute)
    return Report.of(report_at, "all_statuses", basis, "original_parsed_report")


def _check_stated(stated: str | int | None, named: str | int, field: str) -> None:
    if stated is not None and str(stated).lstrip("0") != str(named).lstrip("0"):
        rule = "name and header have the same Eastern date and hour"
        raise DocumentRefused(Reason.DATE_MISMATCH, rule, f"$.metadata.{field}", stated)


def _minute(stated: str | int) -> int:
    text = str(stated)
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < 60):
        raise DocumentRefused(Reason.DATE_MISMATCH, "a minute is 0 to 59", "$.metadata.minute", stated)
    return int(text)


def _newest_quarter(day: date, hour: int, captured_at: datetime) -> int:
    """Minute of the last quarter of the hour that was over at the capture; 45 if the capture is later."""
    waited = int((captured_at - eastern_instant(day, hour, 0)).total_seconds()) // 60
    return min(max(waited, 0) // 15 * 15, 45)


def _ours(raw: Any) -> Any:
    """A record of the original with our field names. Any other value is returned unchanged and rejected later."""
    if not isinstance(raw, dict):
        return raw
    renamed = {"date": "game_date", "gametime": "game_time_et"}
    return {renamed.get(key, key): value for key, value in raw.items()}


def _content(report: Report, records: list[Any], not_submitted: list[Any]) -> Content:
    rows: list[InjuryRow] = []
    rejects: list[Reject] = []
    refused_dates: list[date | None] = []
    for index, raw in enumerate(records):
        try:
            rows.append(listing(report, decoding.convert(raw, Record), index + 1))
        except RowRefused as refusal:
            rejects.append(refusal.at(f"$.records[{index}]", index))
            refused_dates.append(_stated_date(raw))
    for index, raw in enumerate(not_submitted, len(records)):
        try:
            rows.append(silent(report, decoding.convert(raw, NotSubmitted), index + 1))
        except RowRefused as refusal:
            rejects.append(refusal.at(f"$.not_yet_submitted[{index - len(records)}]", index))
            refused_dates.append(_stated_date(raw))
    return assemble(report, rows, rejects, refused_dates)


def _stated_date(raw: Any) -> date | None:
    return stated_date(raw.get("game_date")) if isinstance(raw, dict) else None


SOURCE = Source(
    name="nbac_injury_report",
    object_names=(
        Template("nba-com/injury-report/{date}/{ts}.json"),
        Template("nba-com/injury-report-data/{date}/{hour}/{ts}.json"),
    ),
    parse=parse,
    parse_seq=PARSE_SEQ,
)
