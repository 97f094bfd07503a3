"""NBA injury report as JSON (ours or the original's). Row-wise."""

from typing import Any

import msgspec

from tipoff.core.codes import Reason
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
)
from tipoff.core.contracts.nba_common import Instant
from tipoff.core.contracts.results import Content, DocumentRefused, Reject, RowRefused
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.game_date import eastern_instant, to_utc
from tipoff.core.source import Source

PARSE_SEQ = 2


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


class OriginalDocument(msgspec.Struct, frozen=True):
    """The original's parsed report. Its instant is in the object's name."""

    records: list[Any]


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_injury_report: the complete content of one report.

    Raises:
        DocumentRefused: any code of the envelope; date_mismatch if name and header have different Eastern dates.
    """
    tree = decoding.check_json(body)
    if route.hour is not None and not _has_own_header(tree):
        document = decoding.typed(tree, OriginalDocument)
        return _content(_header_of_name(route), [_ours(raw) for raw in document.records], [])
    own = decoding.typed(tree, Document)
    report = _header(own.metadata)
    check_report_date(route, report)
    return _content(report, own.records, own.not_yet_submitted)


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


def _header_of_name(route: Route) -> Report:
    """The original's file of an hour contains the report of half past, so it was known then."""
    if route.day is None or route.hour is None:
        raise ValueError("the name of an original injury report has date and hour")
    report_at = eastern_instant(route.day, route.hour, 30)
    return Report.of(report_at, "all_statuses", "hour_of_name_and_30_minutes", "original_parsed_report")


def _ours(raw: Any) -> Any:
    """A record of the original with our field names. Any other value is returned unchanged and rejected later."""
    if not isinstance(raw, dict):
        return raw
    renamed = {"date": "game_date", "gametime": "game_time_et"}
    return {renamed.get(key, key): value for key, value in raw.items()}


def _content(report: Report, records: list[Any], not_submitted: list[Any]) -> Content:
    rows: list[InjuryRow] = []
    rejects: list[Reject] = []
    for index, raw in enumerate(records):
        try:
            rows.append(listing(report, decoding.convert(raw, Record), index + 1))
        except RowRefused as refusal:
            rejects.append(refusal.at(f"$.records[{index}]", index))
    for index, raw in enumerate(not_submitted, len(records)):
        try:
            rows.append(silent(report, decoding.convert(raw, NotSubmitted), index + 1))
        except RowRefused as refusal:
            rejects.append(refusal.at(f"$.not_yet_submitted[{index - len(records)}]", index))
    return assemble(report, rows, rejects)


SOURCE = Source(
    name="nbac_injury_report",
    object_names=(
        Template("nba-com/injury-report/{date}/{ts}.json"),
        Template("nba-com/injury-report-data/{date}/{hour}/{ts}.json"),
    ),
    parse=parse,
    parse_seq=PARSE_SEQ,
)
