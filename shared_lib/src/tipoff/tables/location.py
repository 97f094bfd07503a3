"""Finds the composed table folders.

The table folders in this package are sources. `make build` composes further folders and files from them and writes all
to `dist/tables`. A function's zip has the composed folders in this package. A checkout reads them from `dist/tables`,
if they agree with their sources.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tipoff.core.errors import ConfigInvalid

PACKAGE = Path(__file__).parent
SOURCES_FILE = "sources.json"
_PLACE_IN_CHECKOUT = ("shared_lib", "src", "tipoff", "tables")


def composed_root() -> Path:
    """The folder with all table folders, including the composed ones.

    Raises:
        ConfigInvalid: in a checkout, when `dist/tables` is missing or was built from other sources.
    """
    if PACKAGE.parts[-4:] != _PLACE_IN_CHECKOUT:
        return PACKAGE
    checkout = PACKAGE.parents[3]
    composed = checkout / "dist" / "tables"
    if not _is_fresh(checkout, composed):
        raise ConfigInvalid("tables_not_built", "dist/tables is missing or older than its sources; run: make build")
    return composed


def source_files(package: Path) -> Iterator[Path]:
    """The files of the table folders in the package `tipoff.tables`, sorted by path."""
    return (path for path in sorted(package.glob("*/*/*")) if path.is_file() and "__pycache__" not in path.parts)


def digest_of(path: Path) -> str:
    """The sha256 of a file, as hex digits; empty for a missing file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _is_fresh(checkout: Path, composed: Path) -> bool:
    stated = composed / SOURCES_FILE
    if not stated.is_file():
        return False
    digests = msgspec.json.decode(stated.read_bytes(), type=dict[str, str])
    present = {path.relative_to(checkout).as_posix() for path in source_files(PACKAGE)}
    return present <= digests.keys() and all(digest_of(checkout / path) == said for path, said in digests.items())
