"""Documents: every citation of a page resolves, and nothing cites a page that a clone does not have."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.contract.source_tree import ROOT

CITATION = re.compile(r"(?<![\w./-])(docs/[\w/-]+\.md)(?:#([\w-]+))?")
# Further anchors of the same page: "docs/pitfalls.md#17 and #19 (duplicates), #20".
FURTHER = re.compile(r"(?: \([^()]*\))?(?:,? and |,\s+)#([\w-]+)")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([\w-]+))?\)")
# Citations of pages outside of the repository, and of pages without their anchor.
ELSEWHERE = re.compile(
    r"(?i:\bpitfalls?(?: killed here)?:? #?\d)|\bDESIGN (?:section|\d)|\bDESIGN\.md|\bsections? \d"
    r"|\b(?:domain|forecasting|reliability) reference\b|\.\./shared/(?:DESIGN|reference)|docs/adr/\d{4}(?![\d-])"
    r"|(?<![/\w(\[])(?:domain|pitfalls|forecasting|reliability|operations|local-cloud)\.md\b(?!\])"
)
TEXT = {".py", ".sql", ".yaml", ".yml", ".md", ".tf", ".toml", ".json", ".csv", ""}


@cache
def texts() -> dict[str, str]:
    """The text of every tracked file that may cite a page, by its path."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [name for name in listed if Path(name).suffix in TEXT and (ROOT / name).is_file()]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in found if name != "uv.lock"}


@cache
def anchors(page: Path) -> frozenset[str]:
    """Anchors of a page: explicit ones, and those that GitHub makes of headings."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    slugs = [re.sub(r"[^\w -]", "", re.sub(r"<[^>]*>", "", title)).strip().lower() for title in headings]
    return frozenset(re.findall(r'<a id="([\w-]+)">', text)) | {slug.replace(" ", "-") for slug in slugs}


def broken(page: Path, anchor: str | None) -> bool:
    return not page.exists() or bool(anchor) and anchor not in anchors(page)


def cited(text: str) -> Iterator[tuple[int, str, str | None]]:
    """Line, page and anchor of every citation."""
    for found in CITATION.finditer(text):
        yield line_of(text, found.start()), found[1], found[2]
        end = found.end()
        while found[2] and (further := FURTHER.match(text, end)):
            yield line_of(text, further.start(1)), found[1], further[1]
            end = further.end()


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def test_every_cited_page_and_anchor_exists() -> None:
    found = [
        f"{name}:{line} {page}#{anchor}"
        for name, text in texts().items()
        for line, page, anchor in cited(text)
        if broken(ROOT / page, anchor)
    ]
    assert found == []


def test_every_link_between_pages_resolves() -> None:
    found = [
        f"{name}:{line_of(text, link.start())} {link[0]}"
        for name, text in texts().items()
        if name.endswith(".md")
        for link in LINK.finditer(text)
        if broken((ROOT / name).parent / link[1] if link[1] else ROOT / name, link[2])
    ]
    assert found == []


def test_nothing_is_cited_that_a_clone_does_not_have() -> None:
    found = [
        f"{name}:{line_of(text, found.start())} {found[0]}"
        for name, text in texts().items()
        if name != "tests/contract/test_documents.py"
        for found in ELSEWHERE.finditer(text)
    ]
    assert found == []
