"""Translations that outlive the local warehouse's process, in a file in its data folder.

They hold as long as the catalogue stays as it is. So the file is written when the process ends, for the catalogue
of that moment, and removed before the catalogue changes: if it is there, it fits, however the process ended.
"""

from importlib.metadata import version
from pathlib import Path

import msgspec

from tipoff_local.files import write_whole

FILE_NAME = "translations.json"
_MADE_BY = ("local-bigquery", "sqlglot", "duckdb")

type Reference = tuple[str, str, str]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A translation, and what it was asked for."""

    text: str
    project_id: str
    dataset_id: str | None
    parameters: tuple[tuple[str, str], ...]
    temporary: tuple[str, ...]
    sql: str
    used: tuple[str, ...]
    referenced: tuple[Reference, ...]


class KeptFile(msgspec.Struct, frozen=True):
    """All translations. `unchanged`: the catalogue is still the one that the process which wrote this found."""

    versions: dict[str, str]
    unchanged: bool
    entries: tuple[Entry, ...]


def give_back(data: Path, template: Path) -> None:
    """Let a template have what a warehouse that was made from it has learnt, if it still has the same catalogue."""
    found = read(data / FILE_NAME)
    if found is not None and found.unchanged and template.is_dir():
        write(template / FILE_NAME, found)


def read(path: Path) -> KeptFile | None:
    """The file's content; None if there is none, or other versions of the libraries wrote it."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=KeptFile)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return found if found.versions == versions() else None


def write(path: Path, file: KeptFile) -> None:
    """Replace the file as a whole: a copy made meanwhile has the old one or the new."""
    write_whole(path, msgspec.json.encode(file))


def versions() -> dict[str, str]:
    """Of the libraries that a translation is a function of."""
    return {name: version(name) for name in _MADE_BY}
