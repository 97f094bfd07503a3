"""The generated files that are kept in git are what their generators write."""

import shutil
from pathlib import Path

import pytest

from tests.contract.house import ROOT
from tipoff_ops.build import Project
from tipoff_ops.build.generate import generate, generated_files, stale_files

PROJECT = Project(ROOT)


def test_generated_files_are_fresh() -> None:
    stale = [str(path.relative_to(ROOT)) for path in stale_files(PROJECT)]
    if stale:
        pytest.fail(f"stale: {', '.join(stale)}. Run: make generate", pytrace=False)


def test_generate_restores_a_stale_file_and_changes_no_other(tmp_path: Path) -> None:
    for name in ("functions", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    for name in ("shared_lib", "terraform", "uv.lock"):
        (tmp_path / name).symlink_to(ROOT / name)
    copy = Project(tmp_path)
    before = {path: path.read_bytes() for path, _ in generated_files(copy)}
    assert generate(copy) == []
    spoiled = tmp_path / "docs" / "mesh.md"
    spoiled.write_text("stale\n", encoding="utf-8")
    assert generate(copy) == [spoiled]
    assert {path: path.read_bytes() for path in before} == before
