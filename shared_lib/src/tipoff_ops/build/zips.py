"""Builds a function's zip: main.py, requirements.txt and the `tipoff` modules it imports. Equal input, equal bytes."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tipoff_ops.build.imports import function_closure, module_file
from tipoff_ops.build.project import Project
from tipoff_ops.build.requirements import requirements_text

FIXED_DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16
CODE_SUFFIX = ".py"


@dataclass(frozen=True)
class BuiltFunction:
    """The zip of one function."""

    name: str
    zip_bytes: bytes

    @property
    def sha256(self) -> str:
        """Digest of the zip. The file name carries it: a function is deployed again only when its content changes."""
        return hashlib.sha256(self.zip_bytes).hexdigest()

    @property
    def file_name(self) -> str:
        """`<function>-<sha256>.zip`."""
        return f"{self.name}-{self.sha256}.zip"


def build_function(project: Project, folder: Path) -> BuiltFunction:
    """The zip of the function in `folder`, with requirements from `uv.lock` and the tables of `dist/tables`."""
    closure = function_closure(project, folder)
    requirements = requirements_text(project, closure.third_party).encode()
    files = {"main.py": (folder / "main.py").read_bytes(), "requirements.txt": requirements}
    for module in closure.modules:
        files |= {name: path.read_bytes() for name, path in _files_of(project, module)}
    return BuiltFunction(folder.name, _zip(files))


def _files_of(project: Project, module: str) -> Iterator[tuple[str, Path]]:
    """(name in the zip, path) of a module's file; for a package also of its data, except that of packages below it."""
    file = module_file(project.source, module)
    if file is None:
        return
    yield file.relative_to(project.source).as_posix(), file
    if file.parent == project.table_sources and file.name == "__init__.py":
        tables = project.dist / "tables"
        yield from ((f"tipoff/tables/{path.relative_to(tables).as_posix()}", path) for path in tables.glob("*/*/*"))
    elif file.name == "__init__.py":
        yield from ((path.relative_to(project.source).as_posix(), path) for path in _data_files(file.parent))


def _data_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").is_file():
            found.extend(_data_files(path))
        elif path.is_file() and path.suffix != CODE_SUFFIX:
            found.append(path)
    return found


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, FIXED_DATE)
            info.external_attr = FILE_MODE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return buffer.getvalue()
