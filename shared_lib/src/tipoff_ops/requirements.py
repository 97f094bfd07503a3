"""A function's requirements.txt: what its zip imports, with the locked transitive closure and hashes."""

import importlib.metadata
import importlib.util
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.markers import Marker

# The runtime of Cloud Functions, whatever machine generates the file.
_RUNTIME = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "extra": "",
}


@dataclass(frozen=True)
class Locked:
    """A package as the lock file pins it: its hashes and what it needs (name and wanted extras)."""

    name: str
    version: str
    hashes: tuple[str, ...]
    needs: tuple[tuple[str, tuple[str, ...]], ...]
    extra_needs: dict[str, tuple[tuple[str, tuple[str, ...]], ...]]


def read_lock(path: Path) -> dict[str, Locked]:
    """Packages of a `uv.lock`, by name."""
    packages = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return {package["name"]: _locked(package) for package in packages}


def _locked(package: dict[str, object]) -> Locked:
    files = [package.get("sdist"), *_list(package.get("wheels"))]
    hashes = tuple(sorted(str(file["hash"]) for file in files if isinstance(file, dict)))
    extras = package.get("optional-dependencies", {})
    return Locked(
        name=str(package["name"]),
        version=str(package.get("version", "")),
        hashes=hashes,
        needs=_needs(package.get("dependencies")),
        extra_needs={extra: _needs(needs) for extra, needs in extras.items()} if isinstance(extras, dict) else {},
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _needs(dependencies: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = [item for item in _list(dependencies) if isinstance(item, dict)]
    wanted = [item for item in found if "marker" not in item or Marker(item["marker"]).evaluate(_RUNTIME)]
    return tuple((item["name"], tuple(item.get("extra", ()))) for item in wanted)


@cache
def _distribution_files() -> dict[str, str]:
    """Installed file (absolute) -> distribution name."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"].lower().replace("_", "-")  # parsed anew each time it is asked for
        files = distribution.files or ()
        found |= {str(distribution.locate_file(file)): name for file in files if str(file).endswith((".py", ".so"))}
    return found


def distribution_of(module: str) -> str | None:
    """The distribution that provides a dotted name, or None for an attribute or a namespace package."""
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, AttributeError, ValueError):
        return None
    return _distribution_files().get(spec.origin) if spec is not None and spec.origin else None


def distributions(modules: Iterable[str]) -> frozenset[str]:
    """Distributions that provide these dotted names."""
    return frozenset(found for module in modules if (found := distribution_of(module)) is not None)


def locked_closure(lock: dict[str, Locked], roots: Iterable[str]) -> tuple[Locked, ...]:
    """The roots and all they need, by name.

    Raises:
        KeyError: a package is not locked.
    """
    done: set[tuple[str, tuple[str, ...]]] = set()
    todo: list[tuple[str, tuple[str, ...]]] = [(root, ()) for root in roots]
    while todo:
        name, extras = item = todo.pop()
        if item in done:
            continue
        done.add(item)
        todo.extend(lock[name].needs)
        for extra in extras:
            todo.extend(lock[name].extra_needs.get(extra, ()))
    return tuple(lock[name] for name in sorted({name for name, _ in done}))


def render(packages: Iterable[Locked]) -> str:
    """The text of a hash-checked requirements.txt."""
    lines = ["# Generated from uv.lock for what this function's zip imports: `make build`.\n"]
    for package in packages:
        hashes = "".join(f" \\\n    --hash={digest}" for digest in package.hashes)
        lines.append(f"{package.name}=={package.version}{hashes}\n")
    return "".join(lines)
