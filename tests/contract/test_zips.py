"""Function zips: same bytes twice, and requirements that are exactly what they import (docs/pitfalls.md#2, #3, #7)."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT
from tipoff_ops.build import Project
from tipoff_ops.build.imports import function_closure
from tipoff_ops.build.requirements import distributions, read_lock
from tipoff_ops.build.zips import build_function

PROJECT = Project(ROOT)
FOLDERS = PROJECT.functions


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_the_same_sources_give_the_same_bytes_whatever_their_times(folder: Path) -> None:
    first = build_function(PROJECT, folder)
    (folder / "main.py").touch()
    assert build_function(PROJECT, folder).zip_bytes == first.zip_bytes


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_every_third_party_import_is_covered_by_a_pinned_hash(folder: Path) -> None:
    text = requirements_in_zip(folder)
    pinned = {line.split("==")[0] for line in text.splitlines() if "==" in line}
    assert distributions(function_closure(PROJECT, folder).third_party) <= pinned
    assert text.count("==") <= text.count("--hash=sha256:")
    lock = read_lock(ROOT / "uv.lock")
    assert all(f"{name}=={lock[name].version}" in text for name in pinned)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_zip_holds_only_what_its_main_reaches(folder: Path) -> None:
    names = zipfile.ZipFile(io.BytesIO(build_function(PROJECT, folder).zip_bytes)).namelist()
    assert names == sorted(names)
    assert not [name for name in names if name.split("/")[0] not in ("main.py", "requirements.txt", "tipoff")]
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert ("lightgbm" in requirements_in_zip(folder)) <= (folder.name in ("predict", "train"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_zip_that_reads_time_zones_brings_them(folder: Path) -> None:
    """The image of the runtime need not have any: https://docs.python.org/3/library/zoneinfo.html#data-sources"""
    with zipfile.ZipFile(io.BytesIO(build_function(PROJECT, folder).zip_bytes)) as archive:
        reads = any(b"import ZoneInfo" in archive.read(name) for name in archive.namelist())
    assert reads == ("\ntzdata==" in requirements_in_zip(folder))


def requirements_in_zip(folder: Path) -> str:
    """The requirements.txt that the function's zip contains."""
    with zipfile.ZipFile(io.BytesIO(build_function(PROJECT, folder).zip_bytes)) as archive:
        return archive.read("requirements.txt").decode()


BOOT = """
import sys, zipfile
sys.path.insert(0, sys.argv[1])
try:
    __import__("main")
except SystemExit as stopped:
    assert "cannot start" in str(stopped), stopped
    sys.exit(0)
sys.exit("a function without its names must not start")
"""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_an_unpacked_zip_starts_and_lists_missing_names(folder: Path, tmp_path: Path) -> None:
    """Nothing outside the zip and its packages is needed; with an empty environment it names every gap."""
    zipfile.ZipFile(io.BytesIO(build_function(PROJECT, folder).zip_bytes)).extractall(tmp_path)
    command = [sys.executable, "-P", "-c", BOOT, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={}, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_requirements_install_into_an_empty_environment_and_the_zip_starts_there(folder: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    text = tmp_path / "requirements.txt"
    text.write_text(requirements_in_zip(folder), encoding="utf-8")
    install = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(text)]
    subprocess.run(install, check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True)
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO(build_function(PROJECT, folder).zip_bytes)).extractall(unpacked)
    done = subprocess.run([python, "-c", BOOT, str(unpacked)], capture_output=True, text=True, env={}, check=False)
    assert done.returncode == 0, done.stderr
