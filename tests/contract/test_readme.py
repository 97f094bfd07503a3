"""The README's transcript is what the command prints, and its two commands exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT
from tipoff_ops.pages.readme import make_help

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_make_help_prints_the_transcript() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == make_help((ROOT / "Makefile").read_text(encoding="utf-8"))


def test_the_two_commands_and_every_linked_page_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"make {name}" in README and f"\n{name}:" in makefile for name in ("run", "test"))
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.slow
def test_make_run_ends_with_rows_and_a_page_and_leaves_nothing_running() -> None:
    command = [sys.executable, "-m", "tipoff_ops", "run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len([line for line in done.stdout.splitlines() if re.match(r"\d{4}-\d\d-\d\d  ", line)]) >= 3
    page = re.search(r"report page: (\S+)", done.stdout)
    assert page is not None and Path(page[1]).read_text(encoding="utf-8").startswith("<!doctype html>")
    left = subprocess.run(["pgrep", "-f", str(ROOT / ".tipoff" / "local")], capture_output=True, text=True, check=False)
    assert left.stdout == ""
