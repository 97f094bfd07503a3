"""Documents of a zip or a folder, each under the object name it is to land by.

A member's name is an object name and never a path: zips are read in memory, `../x` is a key like any other.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

from tipoff.core.contracts import route
from tipoff_ops.landing import Upload

# A member beyond this is landed cut: one byte more than ingest takes is refused just as the whole would be.
BODY_BYTES_MAX = 32 * 1024 * 1024 + 1
CONTENT_TYPES = {".json": "application/json", ".pdf": "application/pdf"}

type Wanted = Callable[[str], bool]


def everything(_: str) -> bool:
    """Every object name."""
    return True


def names(source: Path) -> list[str]:
    """Object names in a zip or below a folder, in its order."""
    if source.is_dir():
        found = (path for path in source.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(path.relative_to(source).as_posix() for path in found)
    with ZipFile(source) as archive:
        return archive.namelist()


def documents(source: Path, wanted: Wanted = everything) -> Iterator[Upload]:
    """The wanted documents of a zip or of the files below a folder, read one after the other.

    Facts in one another's way (a schedule and its correction) travel in the order of their instants; names that no
    source knows come last.
    """
    return _of_folder(source, wanted) if source.is_dir() else _of_zip(source, wanted)


def _of_zip(source: Path, wanted: Wanted) -> Iterator[Upload]:
    with ZipFile(source) as archive:
        for member in sorted(archive.infolist(), key=lambda found: _instant(found.filename)):
            if wanted(member.filename):
                with archive.open(member) as file:
                    yield _upload(member.filename, file.read(BODY_BYTES_MAX))


def _of_folder(source: Path, wanted: Wanted) -> Iterator[Upload]:
    for name in sorted(names(source), key=_instant):
        if wanted(name):
            with (source / name).open("rb") as file:
                yield _upload(name, file.read(BODY_BYTES_MAX))


def _instant(object_name: str) -> str:
    where = route(object_name)
    return where.captured_at.isoformat() if where and where.captured_at else "~"


def _upload(object_name: str, body: bytes) -> Upload:
    suffix = Path(object_name).suffix
    return Upload(object_name, body, CONTENT_TYPES.get(suffix, "application/octet-stream"))
