"""Generated files are what their generators write, and their headers name a module and a command that exist."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT
from tipoff_ops.build import Project
from tipoff_ops.build.generate import generated_files, stale_files, write_stale_files
from tipoff_ops.build.imports import module_file

PROJECT = Project(ROOT)
HEADER = re.compile(r"(?:Generated|Composed|Written|Drawn) by `?(tipoff[\w.]+\w)`? \(`?make ([\w-]*)`?\)")
MENTION = re.compile(r"(?:Generated|Composed|Written|Drawn) (?:by|from) `?(?:tipoff|python)")


def test_generated_files_are_fresh() -> None:
    stale = [str(path.relative_to(ROOT)) for path in stale_files(PROJECT)]
    if stale:
        pytest.fail(f"stale: {', '.join(stale)}. Run: make generate", pytrace=False)


def test_generate_restores_a_stale_file_and_changes_no_other(tmp_path: Path) -> None:
    for name in ("functions", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    for name in ("shared_lib", "terraform", "tests", "uv.lock", "Makefile"):
        (tmp_path / name).symlink_to(ROOT / name)
    copy = Project(tmp_path)
    before = {path: path.read_bytes() for path, _ in generated_files(copy)}
    assert write_stale_files(copy) == []
    spoiled = tmp_path / "docs" / "mesh.md"
    spoiled.write_text("stale\n", encoding="utf-8")
    assert write_stale_files(copy) == [spoiled]
    assert {path: path.read_bytes() for path in before} == before


def test_every_header_names_a_module_and_a_command_that_exist() -> None:
    commands = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    found = [header for path in documents() for header in headers(path)]
    composed = list((ROOT / "dist" / "tables").glob("nba_raw/*_asof"))
    assert len(found) > len(composed) + len(PROJECT.functions)
    assert [header for header in found if module_file(PROJECT.source, header[0]) is None] == []
    assert {command for _, command in found} <= commands


def documents() -> Iterator[Path]:
    """Every file in git, and every composed file."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    yield from (path for name in listed.splitlines() if (path := ROOT / name).is_file() and path.suffix != ".py")
    for folder in ("tables", "workflows"):
        yield from (path for path in (ROOT / "dist" / folder).rglob("*") if path.is_file())


def headers(path: Path) -> list[tuple[str, str]]:
    """(module, command) of each header in the file."""
    text = path.read_text("utf-8", errors="replace")
    found = HEADER.findall(text)
    assert len(found) == len(MENTION.findall(text)), f"{path} has a header without a module and a command"
    return found
