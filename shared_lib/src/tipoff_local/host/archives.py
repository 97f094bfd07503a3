"""Zips unpacked into folders. A folder is named by its content, made once, and never left half written."""

import os
import shutil
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

# The files that each function has for itself; they are left out when zips are merged.
_OWN = ("main.py", "requirements.txt")


class ConflictingFiles(Exception):
    """Two zips hold different files of one name, so their functions cannot share a process."""


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip, unless that was done before, and return the folder."""
    digest = sha256(archive.read_bytes()).hexdigest()[:16]
    target = folder / "unpacked" / f"{archive.stem}-{digest}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(partial)
        partial.rename(target)
    return target


def merge(unpacked: Sequence[Path], folder: Path) -> Path:
    """Merge several unpacked zips into one folder, without each function's own files, and return the folder.

    Raises:
        ConflictingFiles: two zips differ in a file; the message names the file and both zips.
    """
    digest = sha256("\n".join(sorted(one.name for one in unpacked)).encode()).hexdigest()[:16]
    target = folder / "unpacked" / f"together-{digest}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            _merge(unpacked, partial)
        except ConflictingFiles:
            shutil.rmtree(partial)
            raise
        partial.rename(target)
    return target


def _merge(unpacked: Sequence[Path], target: Path) -> None:
    origin: dict[Path, Path] = {}
    for root in unpacked:
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            name = file.relative_to(root)
            if str(name) not in _OWN:
                _add(file, target / name, origin.setdefault(name, file))


def _add(file: Path, target: Path, first: Path) -> None:
    if file == first:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    elif file.read_bytes() != first.read_bytes():
        raise ConflictingFiles(f"{file} and {first} differ: these functions cannot share a process (use isolate=True)")
