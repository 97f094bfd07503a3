"""Zips as folders, named by content: made once, whole or not at all."""

import os
import shutil
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

# What each function has of its own; it is not among what they share.
OWN = ("main.py", "requirements.txt")


class NotOneTree(Exception):
    """Two zips hold different files of one name: their functions cannot share a process."""


def unpack(archive: Path, folder: Path) -> Path:
    """The folder of a zip's contents."""
    digest = sha256(archive.read_bytes()).hexdigest()[:16]
    target = folder / "unpacked" / f"{archive.stem}-{digest}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(partial)
        partial.rename(target)
    return target


def merged(unpacked: Sequence[Path], folder: Path) -> Path:
    """The folder of what several unpacked zips hold together, each function's own files left out.

    Raises:
        NotOneTree: two of them differ in a file; the message names it and them.
    """
    digest = sha256("\n".join(sorted(one.name for one in unpacked)).encode()).hexdigest()[:16]
    target = folder / "unpacked" / f"together-{digest}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            _merge(unpacked, partial)
        except NotOneTree:
            shutil.rmtree(partial)
            raise
        partial.rename(target)
    return target


def _merge(unpacked: Sequence[Path], target: Path) -> None:
    origin: dict[Path, Path] = {}
    for root in unpacked:
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            name = file.relative_to(root)
            if str(name) not in OWN:
                _add(file, target / name, origin.setdefault(name, file))


def _add(file: Path, target: Path, first: Path) -> None:
    if file == first:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    elif file.read_bytes() != first.read_bytes():
        raise NotOneTree(f"{file} and {first} differ: these functions cannot share a process (isolate them)")
