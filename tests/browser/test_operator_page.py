"""The operator's page in a browser."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.page.sample import report

from tipoff.site import render


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_the_filter_runs_under_the_content_policy(tmp_path: Path) -> None:
    """The policy allows the script by its digest. The script counts the rows."""
    html = render(report())
    page = tmp_path / "page.html"
    page.write_text(html)
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --dump-dom"
    command = ["chromium", *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    total = html.count('data-player="')
    assert f"{total} of {total} rows" in dom
