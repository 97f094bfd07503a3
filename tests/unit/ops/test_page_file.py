"""The page as a file: whole or not at all, nothing else left behind."""

from datetime import UTC, datetime
from pathlib import Path

from tipoff.core.page import ReportData, render
from tipoff_ops.page import write_page

DATA = ReportData("tipoff-local", "dev", "abc", datetime(2025, 1, 1, tzinfo=UTC), "Žiga’s page")


def test_writing_replaces_the_page_whole(tmp_path: Path) -> None:
    target = tmp_path / "reports" / "index.html"
    assert write_page(DATA, target) == write_page(DATA, target) == target.resolve()
    assert target.read_text(encoding="utf-8") == render(DATA)
    assert list(target.parent.iterdir()) == [target]
