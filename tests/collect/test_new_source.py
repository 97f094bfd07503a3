"""A new source costs three files for its intake, and at most three more for its collection."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = Path(__file__).parent / "new_source"
PACKAGE = Path("shared_lib/src/tipoff")
TABLE = PACKAGE / "tables" / "nba_landing" / "arena_attendance"
INTAKE = {
    PACKAGE / "sources" / "arena_attendance.py": "arena_attendance.py",
    TABLE / "schema.json": "schema.json",
    TABLE / "table.yaml": "table.yaml",
}
MESH = Path("terraform/mesh.yaml")


def copy_repository(to: Path) -> None:
    """Copy the files that are in git or not ignored by it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)


def digests(folder: Path) -> dict[Path, str]:
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def changed(folder: Path, before: dict[Path, str]) -> set[Path]:
    return {path for path, digest in digests(folder).items() if before.get(path) != digest}


def add_key(mesh: str) -> str:
    """Declare the key of the source, and let `collect` read it."""
    assert "\nsecrets:\n" in mesh and "secrets: [" in mesh
    declared = mesh.replace("\nsecrets:\n", "\nsecrets:\n  arenas-key: {description: Key of the arenas}\n", 1)
    return declared.replace("secrets: [", "secrets: [arenas-key, ", 1)


def test_a_source_is_three_files_and_its_collection_at_most_three_more(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    copy_repository(tree)
    before = digests(tree)
    for place, name in INTAKE.items():
        (tree / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(FILES / name, tree / place)
    intake = changed(tree, before)
    (tree / MESH).write_text(add_key((tree / MESH).read_text("utf-8")), encoding="utf-8")
    collection = changed(tree, before) - intake
    assert (len(intake), len(collection)) == (3, 1)

    command = [sys.executable, "-m", "tests.collect.new_source.play", str(tmp_path / "mesh")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tree / "shared_lib" / "src"), str(tree)])}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    rows = json.loads(done.stdout.splitlines()[-1])
    assert [(row["nba_game_id"], row["game_date"], row["attendance"]) for row in rows] == [
        ("0022400141", "2024-11-01", 18_000),
        ("0022400142", "2024-11-02", 17_500),
    ]
