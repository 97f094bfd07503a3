"""Writes `dist/`: everything that is deployed."""

import hashlib
import json
import subprocess

from tipoff_local.files import write_whole
from tipoff_ops.build.project import Project
from tipoff_ops.build.tables import write_tables
from tipoff_ops.build.workflows import write_workflows
from tipoff_ops.build.zips import BuiltFunction, build_function


def build_all(project: Project) -> dict[str, object]:
    """Write the composed files, the zips and the manifest, remove zips of earlier builds, and return the manifest."""
    write_composed(project)
    built = [build_function(project, folder) for folder in project.functions]
    for function in built:  # Each file is replaced whole: servers of another process may be reading it.
        write_whole(project.dist / function.file_name, function.zip_bytes)
    manifest = _manifest(project, built)
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    write_whole(project.dist / "manifest.json", text.encode())
    _remove_old(project, {function.file_name for function in built})
    return manifest


def write_composed(project: Project) -> None:
    """Write the composed tables and workflows: all of `dist/` but the zips and their manifest."""
    write_tables(project)
    write_workflows(project)


def _manifest(project: Project, built: list[BuiltFunction]) -> dict[str, object]:
    functions = {each.name: {"zip": f"dist/{each.file_name}", "sha256": each.sha256} for each in built}
    return {"release": _release(project, built), "functions": functions}


def _release(project: Project, built: list[BuiltFunction]) -> str:
    """`<commit>-<digest of all zips>`, in characters that a label may have."""
    digest = hashlib.sha256("".join(function.sha256 for function in built).encode()).hexdigest()
    return f"{_commit(project)}-{digest[:12]}"


def _commit(project: Project) -> str:
    command = ["git", "-C", str(project.root), "rev-parse", "--short=10", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.strip() or "nocommit"


def _remove_old(project: Project, kept: set[str]) -> None:
    for path in project.dist.glob("*.zip"):
        if path.name not in kept:
            path.unlink()
