"""The operator's page: complete, self-contained, safe against what it shows, the same bytes for the same data."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from tipoff.site import Conservation, PredictionLine, QuarantineReason, ReportData, render
from tipoff.site.charts import bars, reliability
from tipoff.site.markup import element, join
from tipoff.site.words import count, duration, number, shortened, signed

EVIL = "\"><script>alert('x')</script><img src=x onerror=alert(1)>"
EMPTY = ReportData("p", "dev", "r", datetime(2025, 1, 1, tzinfo=UTC), "Nothing is known.")


class Outline(HTMLParser):
    """Checks nesting, collects tags, ids and every attribute."""

    VOID = frozenset({"meta", "input", "br", "line", "rect", "path", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_has_every_section(html: str) -> None:
    outline = Outline(html)
    ids = [value for name, value in outline.attributes if name == "id"]
    assert {"dates", "accuracy", "predictions", "freshness", "intake", "workflows"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert outline.tags.count("svg") == 3


def test_the_same_data_gives_the_same_bytes(data: ReportData, html: str) -> None:
    assert render(data) == html


def test_every_date_system_table_and_code_is_named(data: ReportData, html: str) -> None:
    for one in data.dates:
        assert f"{one.game_date.day} {one.game_date:%b}" in html
    names = [score.system_id for score in data.overall] + [one.table for one in data.freshness]
    names += [one.name for one in data.conservation] + [one.code for one in data.quarantine]
    for name in names:
        assert name in html
    assert html.count('data-player="') == len(data.predictions)


def test_the_page_loads_nothing_and_forbids_it(html: str) -> None:
    """No address, no event attribute, no inline style; the policy knows style and script by digest."""
    outline = Outline(html)
    assert not [name for name, _ in outline.attributes if name in {"src", "style", "xlink:href"} or name[:2] == "on"]
    assert all((value or "").startswith("#") for name, value in outline.attributes if name == "href")
    assert "http://" not in html
    assert "https://" not in html
    policy = next(value or "" for name, value in outline.attributes if name == "content" and "default-src" in value)  # type: ignore[operator]
    for tag in ("style", "script"):
        body = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert body
        digest = b64encode(sha256(body.group(1).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_quarantined_samples_stay_text() -> None:
    """Quarantine shows what attackers wrote: nothing of it becomes markup."""
    hostile = QuarantineReason(EVIL, EVIL, 1, EMPTY.generated_at, EVIL, EVIL, EVIL, EVIL)
    line = PredictionLine(date(2025, 1, 1), EVIL, EVIL, EVIL, True, EVIL, 1.0, 0.0, 2.0, 1.5, EVIL, 0.5, EVIL, 1, "win")
    page = render(replace(EMPTY, statement=EVIL, quarantine=(hostile,), predictions=(line,)))
    outline = Outline(page)
    assert outline.tags.count("script") == 1
    assert "img" not in outline.tags
    assert not [name for name, _ in outline.attributes if name.startswith("on")]


def test_an_empty_page_says_so_everywhere() -> None:
    page = render(EMPTY)
    assert page.count("Nothing yet.") == 6
    Outline(page)


def test_lost_rows_cannot_be_overlooked() -> None:
    """The verdict comes from the numbers (docs/pitfalls.md#37)."""
    page = render(replace(EMPTY, conservation=(Conservation("a", 1, 10, 8, 1), Conservation("b", 1, 10, 8, 2))))
    assert page.count("rows lost") == 1
    assert page.count("adds up") == 1


def test_markup_escapes_all_but_markup() -> None:
    assert element("b", "<i>", element("i", "&")) == "<b>&lt;i&gt;<i>&amp;</i></b>"
    assert element("input", value='"', hidden=True, x=None, aria_label=1.50) == (
        '<input value="&quot;" hidden aria-label="1.5">'
    )
    assert join("a", 1, [element("br")]) == "a1<br>"


def test_numbers_are_written_for_people() -> None:
    assert (number(None), number(-1.234), signed(0.5), count(1234567)) == ("–", "−1.23", "+0.50", "1\u202f234\u202f567")
    assert [duration(one) for one in (4.21, 185, 7800)] == ["4.2 s", "3 min 05 s", "2 h 10 min"]
    assert len(shortened("x" * 500)) == 95


@pytest.mark.parametrize("values", [[], [("2024-11", 4.83), (EVIL, 0.0)]])
def test_charts_of_a_backtest_are_well_formed(values: list[tuple[str, float]]) -> None:
    drawn = bars("MAE by month", values) + reliability("P(over)", [(0.45, 0.5) for _ in values])
    outline = Outline(drawn)
    assert (outline.tags.count("rect"), outline.tags.count("circle")) == (len(values), len(values))
    assert "script" not in outline.tags and "img" not in outline.tags
