"""Documents: every citation of a page resolves, and so does every link between pages."""

import re
import subprocess
from functools import cache
from pathlib import Path

from tests.contract.source_tree import ROOT

IN_THE_REPOSITORY = re.compile(r"(?<![\w./-])(docs/[\w/-]+\.md)(?:#([\w-]+))?")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([\w-]+))?\)")
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


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def test_every_cited_page_and_anchor_exists() -> None:
    found = [
        f"{name}:{line_of(text, cited.start())} {cited[0]}"
        for name, text in texts().items()
        for cited in IN_THE_REPOSITORY.finditer(text)
        if broken(ROOT / cited[1], cited[2])
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
