"""The file of translations in the data folder of a warehouse, which a later process loads.

Translations are valid until the catalogue changes. The file is written when the process ends, and removed before the
catalogue changes. So if the file exists, it is valid, even after a kill.
"""

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import msgspec

from tipoff_local.files import write_whole

FILE_NAME = "translations.json"
_MADE_BY = ("local-bigquery", "sqlglot", "duckdb")
_OUR_GENERATOR = Path(__file__).with_name("patches") / "operators.py"

type Reference = tuple[str, str, str]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A translation and its key."""

    text: str
    project_id: str
    dataset_id: str | None
    parameters: tuple[tuple[str, str], ...]
    temporary: tuple[str, ...]
    sql: str
    used: tuple[str, ...]
    referenced: tuple[Reference, ...]


class TranslationFile(msgspec.Struct, frozen=True):
    """All translations of a process.

    Attributes:
        versions: see `versions`.
        unchanged: whether the process did not change the catalogue.
    """

    versions: dict[str, str]
    unchanged: bool
    entries: tuple[Entry, ...]


def save_to_template(data: Path, template: Path) -> None:
    """Copy the translations of a warehouse to the template that it was made from, if its catalogue is unchanged."""
    found = read(data / FILE_NAME)
    if found is not None and found.unchanged and template.is_dir():
        write(template / FILE_NAME, found)


def read(path: Path) -> TranslationFile | None:
    """The content of the file; None if there is none, or if other versions of the libraries wrote it."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=TranslationFile)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return found if found.versions == versions() else None


def write(path: Path, file: TranslationFile) -> None:
    """Replace the file atomically, because another process may copy it."""
    write_whole(path, msgspec.json.encode(file))


def versions() -> dict[str, str]:
    """The versions of what a translation depends on: the libraries, and the source of our SQL generator."""
    generator = sha256(_OUR_GENERATOR.read_bytes()).hexdigest()[:12]
    return {name: version(name) for name in _MADE_BY} | {_OUR_GENERATOR.name: generator}
