"""The table of an injury-report PDF: from words with positions to lines and cells."""

import io
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tipoff.core.codes import Reason
from tipoff.core.contracts.results import DocumentRefused

if TYPE_CHECKING:
    from pypdf import PageObject

MAX_PDF_BYTES = 2 * 2**20  # real reports are below 100 kB
MAX_PAGES = 40
MAX_WORDS = 10_000
MAX_CONTENT_BYTES = 2**19  # what draws all pages; real reports have 110 kB
# A real report has 11,000 operators. A hostile one of 50 kB would otherwise grow to half a gigabyte.
_LIMITS = {
    "maximum_declared_stream_length": MAX_PDF_BYTES,
    "array_based_stream_maximum_output_length": MAX_CONTENT_BYTES,
    "lzw_maximum_output_length": MAX_CONTENT_BYTES,
    "run_length_maximum_output_length": MAX_CONTENT_BYTES,
    "zlib_maximum_output_length": 2**20,
    "zlib_maximum_recovery_input_length": MAX_CONTENT_BYTES,
    "stream_filters_maximum_length": 2,
    "stream_decoding_work_maximum_length": 2**23,
    "stream_parsing_work_maximum_count": 200_000,
    "page_tree_maximum_entries": 100,
    "page_tree_maximum_page_entries": 1_000,
    "array_maximum_element_count": 20_000,
    "dictionary_maximum_element_count": 1_000,
}
COLUMNS = ("Game Date", "Game Time", "Matchup", "Team", "Player Name", "Current Status", "Reason")
_SAME_LINE_POINTS = 2.5
_LEFT_OF_HEADER_POINTS = 4.0
_FOOTER = re.compile(r"Page \d+ of(?: \d+)?")


class Word(NamedTuple):
    """A text and its position: points from the left and the top of its page."""

    page: int
    left: float
    top: float
    text: str


class Line(NamedTuple):
    """Words of one printed line, left to right."""

    page: int
    top: float
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The text of the line."""
        return join(word.text for word in self.words)


class Entry(NamedTuple):
    """One row: a player, or a team without a report. A cell that is not printed repeats the cell above."""

    game_date: str
    game_time: str
    matchup: str
    team: str
    player: str
    status: str
    reason: str


def words(body: bytes) -> tuple[int, tuple[Word, ...]]:
    """The number of pages, and all words in the coordinates of upright pages.

    Raises:
        DocumentRefused: too_large, invalid_encoding (no PDF) or schema (a PDF that cannot be read).
    """
    from pypdf.errors import DependencyError, LimitReachedError, PyPdfError  # 0.2 s, and only this source needs it

    if len(body) > MAX_PDF_BYTES:
        raise DocumentRefused(Reason.TOO_LARGE, f"a report is at most {MAX_PDF_BYTES} bytes", value=len(body))
    if not body.startswith(b"%PDF-"):
        raise DocumentRefused(Reason.INVALID_ENCODING, "a report is a PDF", value=repr(body[:8]))
    try:
        return _read(body)
    except LimitReachedError as error:
        raise DocumentRefused(Reason.TOO_LARGE, "a report is small", value=error) from error
    except (PyPdfError, zlib.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise DocumentRefused(Reason.SCHEMA, "a report is a readable PDF", value=error) from error
    except (RecursionError, NotImplementedError, AssertionError, OSError, EOFError, struct.error) as error:
        raise DocumentRefused(Reason.SCHEMA, "a report is a readable PDF", value=error) from error
    except DependencyError as error:  # encrypted in a way that pypdf cannot read
        raise DocumentRefused(Reason.SCHEMA, "a report is a readable PDF", value=error) from error


def _read(body: bytes) -> tuple[int, tuple[Word, ...]]:
    from pypdf import Configuration, PdfReader, apply_configuration

    found: list[Word] = []
    with apply_configuration(Configuration().with_overwrites(**_LIMITS)):
        pages = PdfReader(io.BytesIO(body)).pages
        if len(pages) > MAX_PAGES:
            raise DocumentRefused(Reason.TOO_LARGE, f"a report has at most {MAX_PAGES} pages", value=len(pages))
        size = 0
        for number, page in enumerate(pages):
            content = page.get_contents()
            size += len(content.get_data()) if content is not None else 0
            if size > MAX_CONTENT_BYTES:
                rule = f"the pages of a report are drawn by at most {MAX_CONTENT_BYTES} bytes"
                raise DocumentRefused(Reason.TOO_LARGE, rule, value=size)
            _drop_forms(page)
            page.extract_text(visitor_text=_Collector(found, number, int(page.rotation) % 360))
    return len(pages), tuple(found)


def _drop_forms(page: "PageObject") -> None:
    """Forget pictures and forms. A report prints no text in a form, and a form can be drawn thousands of times."""
    resources = page.get("/Resources")
    if resources is not None:
        resources.get_object().pop("/XObject", None)


class _Collector:
    """Collects the texts that pypdf finds, with their positions on the upright page."""

    def __init__(self, found: list[Word], page: int, rotation: int) -> None:
        self._found, self._page, self._rotation = found, page, rotation

    def __call__(self, text: str, matrix: list[float], text_matrix: list[float], _font: object, _size: float) -> None:
        if not text.strip() or not any(text_matrix[4:6]):  # page totals have no position
            return
        if len(self._found) >= MAX_WORDS:
            raise DocumentRefused(Reason.TOO_LARGE, f"a report has at most {MAX_WORDS} words")
        x, y = text_matrix[4], text_matrix[5]
        a, b, c, d, e, f = matrix
        right, up = a * x + c * y + e, b * x + d * y + f
        left, top = (up, right) if self._rotation == 90 else (right, -up)
        self._found.append(Word(self._page, left, top, " ".join(text.split())))


def lines(found: Iterable[Word]) -> tuple[Line, ...]:
    """Words grouped into lines, top to bottom, without page footers."""
    grouped: list[list[Word]] = []
    for word in sorted(found, key=lambda one: (one.page, one.top)):
        here = grouped[-1][0] if grouped else None
        if here and here.page == word.page and abs(here.top - word.top) <= _SAME_LINE_POINTS:
            grouped[-1].append(word)
        else:
            grouped.append([word])
    built = (Line(one[0].page, one[0].top, tuple(sorted(one, key=lambda word: word.left))) for one in grouped)
    return tuple(line for line in built if not _FOOTER.fullmatch(line.text))


def join(parts: Iterable[str]) -> str:
    """Words of one line as one text. A word split after a hyphen or before a semicolon is joined."""
    text = ""
    for part in parts:
        glued = (text.endswith("-") and not text.endswith(" -")) or part.startswith(";")
        text = f"{text}{part}" if glued or not text else f"{text} {part}"
    return text


def columns(header: Line) -> tuple[float, ...]:
    """Left edges of the seven columns, from the heading.

    Raises:
        DocumentRefused: schema if the heading is not the seven titles in order.
    """
    if header.text != " ".join(COLUMNS):
        raise DocumentRefused(Reason.SCHEMA, "the table has seven columns", "header", header.text)
    edges: list[float] = []
    rest = list(header.words)
    for title in COLUMNS:
        edges.append(rest[0].left)
        taken = ""
        while rest and taken != title:
            taken = join((taken, rest.pop(0).text)) if taken else rest.pop(0).text
    return tuple(edges)


def is_heading(line: Line) -> bool:
    """True for the line of column titles."""
    return line.text == " ".join(COLUMNS)


def cells(line: Line, edges: Sequence[float]) -> tuple[str, ...]:
    """The text of a line, by column."""
    parts: list[list[str]] = [[] for _ in edges]
    for word in line.words:
        column = max((i for i, edge in enumerate(edges) if word.left >= edge - _LEFT_OF_HEADER_POINTS), default=0)
        parts[column].append(word.text)
    return tuple(join(part) for part in parts)


def increasing(edges: Sequence[float]) -> bool:
    """True if the columns are in order from left to right."""
    return all(left < right for left, right in pairwise(edges))
