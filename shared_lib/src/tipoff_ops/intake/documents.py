"""Documents of a zip or a folder, each with the object name to upload it under.

The name of a zip member is an object name and never a path: zips are read in memory, and `../x` is a key like others.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

from tipoff.sources import route
from tipoff_ops.local.upload import Upload

DOCUMENT_BYTES_MAX = 32 * 1024 * 1024
_NO_INSTANT = datetime.max.replace(tzinfo=UTC)
CONTENT_TYPES = {".json": "application/json", ".pdf": "application/pdf"}

type NameFilter = Callable[[str], bool]


def everything(_: str) -> bool:
    """Every object name."""
    return True


def object_names(source: Path) -> list[str]:
    """Object names in a zip or below a folder, in its order."""
    if source.is_dir():
        found = (path for path in source.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(path.relative_to(source).as_posix() for path in found)
    with ZipFile(source) as archive:
        return archive.namelist()


def read_documents(source: Path, accepts: NameFilter = everything) -> Iterator[Upload]:
    """Read the accepted documents of a zip, or of the files below a folder, one after the other.

    A document longer than DOCUMENT_BYTES_MAX is cut one byte after that length. `ingest` refuses it as it refuses the
    whole document. The size that a zip states is not trusted.

    They come in the order of the instants in their names, then of the names, so that a correction follows what it
    corrects. Names that no source knows come last.
    """
    return _of_folder(source, accepts) if source.is_dir() else _of_zip(source, accepts)


def _of_zip(source: Path, accepts: NameFilter) -> Iterator[Upload]:
    with ZipFile(source) as archive:
        for member in sorted(archive.infolist(), key=lambda found: _order(found.filename)):
            if accepts(member.filename):
                with archive.open(member) as file:
                    yield _upload(member.filename, file.read(DOCUMENT_BYTES_MAX + 1))


def _of_folder(source: Path, accepts: NameFilter) -> Iterator[Upload]:
    for name in sorted(object_names(source), key=_order):
        if accepts(name):
            with (source / name).open("rb") as file:
                yield _upload(name, file.read(DOCUMENT_BYTES_MAX + 1))


def _order(object_name: str) -> tuple[bool, datetime, str]:
    found = route(object_name)
    captured_at = found.captured_at if found else None
    return captured_at is None, captured_at or _NO_INSTANT, object_name


def _upload(object_name: str, body: bytes) -> Upload:
    suffix = Path(object_name).suffix
    return Upload(object_name, body, CONTENT_TYPES.get(suffix, "application/octet-stream"))
