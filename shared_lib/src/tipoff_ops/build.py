"""Builds each function's zip: main.py, requirements and the `tipoff` modules it reaches, always the same bytes."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tipoff_local.files import write_whole
from tipoff_ops.imports import Closure, closure, module_file
from tipoff_ops.requirements import distributions, locked_closure, read_lock, render

FIXED_DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16
CODE_SUFFIX = ".py"


@dataclass(frozen=True)
class Project:
    """A checkout: where its parts are."""

    root: Path

    @property
    def source(self) -> Path:
        """Where our packages are."""
        return self.root / "shared_lib" / "src"

    @property
    def functions(self) -> tuple[Path, ...]:
        """The folders of the functions, by name."""
        return tuple(path.parent for path in sorted((self.root / "functions").glob("*/main.py")))

    @property
    def dist(self) -> Path:
        """Where zips are written."""
        return self.root / "dist"


@dataclass(frozen=True)
class BuiltFunction:
    """A function's zip."""

    name: str
    zip_bytes: bytes

    @property
    def sha256(self) -> str:
        """Digest of the zip: its name, so that a function is deployed anew exactly when its content changes."""
        return hashlib.sha256(self.zip_bytes).hexdigest()

    @property
    def file_name(self) -> str:
        """`<function>-<sha256>.zip`."""
        return f"{self.name}-{self.sha256}.zip"


def find_project() -> Project:
    """The checkout this package runs from."""
    return Project(Path(__file__).resolve().parents[3])


def function_closure(project: Project, folder: Path) -> Closure:
    """What a function's main.py reaches."""
    return closure(project.source, folder / "main.py", frozenset(sys.stdlib_module_names))


def requirements_text(project: Project, folder: Path) -> str:
    """What the function's requirements.txt must say."""
    roots = distributions(function_closure(project, folder).third_party)
    return render(locked_closure(read_lock(project.root / "uv.lock"), roots))


def build_function(project: Project, folder: Path) -> BuiltFunction:
    """The zip of one function."""
    files = {"main.py": (folder / "main.py").read_bytes(), "requirements.txt": _requirements(folder)}
    for module in function_closure(project, folder).modules:
        for path in _files_of(project.source, module):
            files[path.relative_to(project.source).as_posix()] = path.read_bytes()
    return BuiltFunction(folder.name, _zip(files))


def _requirements(folder: Path) -> bytes:
    return (folder / "requirements.txt").read_bytes()


def _files_of(source: Path, module: str) -> list[Path]:
    """A module's file and, for a package, the data below it that belongs to no package further down."""
    file = module_file(source, module)
    if file is None:
        return []
    if file.name != "__init__.py":
        return [file]
    return [file, *_data_files(file.parent)]


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


def release_of(project: Project, built: list[BuiltFunction]) -> str:
    """`<commit>-<digest of all zips>`: what runs, in a form a label may have."""
    digest = hashlib.sha256("".join(function.sha256 for function in built).encode()).hexdigest()
    return f"{_commit(project)}-{digest[:12]}"


def _commit(project: Project) -> str:
    command = ["git", "-C", str(project.root), "rev-parse", "--short=10", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.strip() or "nocommit"


def write_requirements(project: Project) -> list[Path]:
    """Bring every requirements.txt up to date; returns those that changed."""
    changed = []
    for folder in project.functions:
        path, text = folder / "requirements.txt", requirements_text(project, folder)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def build_all(project: Project) -> dict[str, object]:
    """Write all zips and `manifest.json` into dist/, and return the manifest.

    The committed requirements.txt are taken as they are; a test holds them equal to `requirements_text`.
    """
    built = [build_function(project, folder) for folder in project.functions]
    project.dist.mkdir(exist_ok=True)
    for function in built:  # another build's servers may be reading them
        write_whole(project.dist / function.file_name, function.zip_bytes)
    manifest: dict[str, object] = {
        "release": release_of(project, built),
        "functions": {f.name: {"zip": f"dist/{f.file_name}", "sha256": f.sha256} for f in built},
    }
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    write_whole(project.dist / "manifest.json", text.encode())
    _remove_old(project, {function.file_name for function in built})
    return manifest


def _remove_old(project: Project, kept: set[str]) -> None:
    for path in project.dist.glob("*.zip"):
        if path.name not in kept:
            path.unlink()
