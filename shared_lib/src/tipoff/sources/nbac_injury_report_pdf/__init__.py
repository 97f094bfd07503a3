"""NBA injury report as published, an hourly PDF. Its header states the instant. Rows as in nbac_injury_report."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from tipoff.core.codes import Reason
from tipoff.core.collect.collection import Collection, Stage
from tipoff.core.collect.windows import Window
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
from tipoff.core.contracts.results import Content, DocumentRefused, Reject, RowRefused
from tipoff.core.contracts.routes import Route, Template
from tipoff.core.expected import Output
from tipoff.core.game_date import eastern_instant, parse_iso
from tipoff.core.source import Source
from tipoff.sources.nbac_injury_report_pdf import layout
from tipoff.sources.nbac_injury_report_pdf.requests import INDEX_HOST, OBJECT_NAME, index_request, report_requests

PARSE_SEQ = 3
SILENT = "NOT YET SUBMITTED"
MAX_ROWS = 1_000
PLACE_HOLDER = "UNK@UNK"  # printed through the all-star break
_HEADER = re.compile(r"Injury Report: ([0-9]{2})/([0-9]{2})/([0-9]{2}) ([0-9]{2}):([0-9]{2}) ([AP])M")
_REACH_POINTS = 30.0  # a cell is centred on its row; a line farther from every row continues the last row above


class _Printed(NamedTuple):
    """A line with its cells."""

    page: int
    top: float
    cells: tuple[str, ...]

    @property
    def is_anchor(self) -> bool:
        """True if this line is the first of a row. Other lines continue a cell."""
        return bool(self.cells[4]) or SILENT in self.cells[6] or SILENT in self.cells[5]


def parse(route: Route, body: bytes) -> Content:
    """Rows of nbac_injury_report of one PDF.

    Raises:
        DocumentRefused: too_large, invalid_encoding, schema; date_mismatch if name and header have different dates.
    """
    _, found = layout.words(body)
    lines = layout.lines(found)
    report = Report.of(_header(lines), "all_statuses", "pdf_header", "nba-injury-report-pdf")
    check_report_date(route, report)
    rows: list[InjuryRow] = []
    rejects: list[Reject] = []
    refused_dates: list[date | None] = []
    for index, entry in enumerate(entries(lines)):
        try:
            rows.append(_row(report, entry, index + 1))
        except RowRefused as refusal:
            rejects.append(refusal.at(f"row[{index}]", index))
            refused_dates.append(stated_date(entry.game_date))
    return assemble(report, rows, rejects, refused_dates)


def _row(report: Report, entry: layout.Entry, position: int) -> InjuryRow:
    day, clock = entry.game_date, entry.game_time or None
    if entry.player:
        record = Record(day, entry.matchup, entry.team, entry.player, entry.status, clock, entry.reason)
        return listing(report, record, position)
    return silent(report, NotSubmitted(day, entry.matchup, entry.team, clock), position)


def _header(lines: Sequence[layout.Line]) -> datetime:
    match = next((found for line in lines[:5] if (found := _HEADER.search(line.text))), None)
    if match is None:
        raise DocumentRefused(Reason.SCHEMA, "a report begins with its date and time", "header")
    month, day, year, hour, minute, half = match.groups()
    try:
        printed = parse_iso(f"20{year}-{month}-{day}")
        return eastern_instant(printed, int(hour) % 12 + (12 if half == "P" else 0), int(minute))
    except ValueError as error:
        raise DocumentRefused(
            Reason.DATE_MISMATCH, "a report's header is an instant", "header", match.group()
        ) from error


def entries(lines: Sequence[layout.Line]) -> list[layout.Entry]:
    """Printed rows in order. Wrapped cells are joined; date, time, matchup and team are repeated where not printed.

    Raises:
        DocumentRefused: schema if the table has no heading.
    """
    rows: list[layout.Entry] = []
    carried = ["", "", "", ""]
    for anchor, continued in _blocks(_printed(lines)):
        merged = [" ".join(part for part in column if part) for column in zip(*continued, strict=True)]
        for column in range(4):
            if merged[column]:
                carried[column] = merged[column]
                carried[column + 1 :] = [""] * (3 - column) if column < 3 else []
        if carried[2] == PLACE_HOLDER:
            continue
        silent_team = not anchor.cells[4]
        player, status, reason = ("", "", "") if silent_team else merged[4:7]
        day, clock, matchup, team = carried
        rows.append(layout.Entry(day, clock, matchup, team, player, status, reason))
    return rows


def _printed(lines: Sequence[layout.Line]) -> list[_Printed]:
    edges: tuple[float, ...] = ()
    table: list[_Printed] = []
    for line in lines:
        if layout.is_heading(line):
            edges = layout.columns(line)
        elif edges and not _HEADER.search(line.text):
            table.append(_Printed(line.page, line.top, layout.cells(line, edges)))
    if not edges or not layout.increasing(edges):
        raise DocumentRefused(Reason.SCHEMA, "the table has a heading", "header")
    return table


def _blocks(table: Sequence[_Printed]) -> Iterator[tuple[_Printed, list[tuple[str, ...]]]]:
    """The first line of each row, with the cells of all its lines."""
    anchors = [line for line in table if line.is_anchor]
    if len(anchors) > MAX_ROWS:
        raise DocumentRefused(Reason.TOO_LARGE, f"a report has at most {MAX_ROWS} rows", value=len(anchors))
    members: list[list[tuple[str, ...]]] = [[] for _ in anchors]
    for line in table:
        owner = _owner(anchors, line)
        if owner is not None:
            members[owner].append(line.cells)
    return zip(anchors, members, strict=True)


def _owner(anchors: Sequence[_Printed], line: _Printed) -> int | None:
    """Index of the row that a line belongs to: itself, else the nearest listing on the page, else the last row before.

    If the end of a page cuts a reason, the rest of it goes to the first row of the next page, as in the structured
    reports of the corpus. Only the text of the reason is affected.
    """
    here = [
        (abs(anchor.top - line.top), index)
        for index, anchor in enumerate(anchors)
        if anchor.page == line.page and (anchor.cells[4] or anchor is line)
    ]
    distance, nearest = min(here, default=(_REACH_POINTS + 1, 0))
    if distance <= _REACH_POINTS:
        return nearest
    before = [index for index, anchor in enumerate(anchors) if (anchor.page, anchor.top) < (line.page, line.top)]
    return before[-1] if before else None


SOURCE = Source(
    name="nbac_injury_report_pdf",
    object_names=(
        OBJECT_NAME,
        Template("nba-com/injury-report-pdf/{date}/{hour}/{report}.pdf"),
    ),
    parse=parse,
    parse_seq=PARSE_SEQ,
    delivers=(Output("nbac_injury_report", "document", 2.0, required=False, per="date"),),
    is_json=False,
    collection=Collection(
        host=INDEX_HOST,
        first_requests=index_request,
        following_requests=report_requests,
        window=Window.HOURLY,
        stages={"daily": Stage(2)},
    ),
)
