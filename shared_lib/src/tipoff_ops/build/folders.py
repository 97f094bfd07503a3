"""Writes a folder of built files."""

import fcntl
from collections.abc import Mapping
from pathlib import Path

from tipoff_local.files import write_whole


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `files` (relative path -> content) the whole content of a folder, in their order.

    Files that stay the same are not touched, so that another process may read the folder meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.relative_to(folder).as_posix() not in files:
                path.unlink()
        for name, content in files.items():
            _write(folder / name, content)


def _write(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
