"""The generated parts of README.md: the picture of the mesh, and what `make help` prints."""

import re

from tipoff_local.mesh import Mesh
from tipoff_ops.mesh.picture import picture

_PICTURE = re.compile(r"(?<=^```mermaid\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_HELP = re.compile(r"(?<=^\$ make help\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.MULTILINE)
HELP_COLUMN = 14


def with_generated_parts(readme: str, page: Mesh, makefile: str) -> str:
    """The README with its generated parts replaced.

    Raises:
        ValueError: the README has no place for one of them, or more than one.
    """
    return _replaced(_HELP, _replaced(_PICTURE, readme, picture(page)), make_help(makefile))


def make_help(makefile: str) -> str:
    """What `make help` prints: each target with its description."""
    return "".join(f"{name:<{HELP_COLUMN}}{text}\n" for name, text in _TARGET.findall(makefile))


def _replaced(place: re.Pattern[str], text: str, part: str) -> str:
    replaced, count = place.subn(lambda _: part, text)
    if count != 1:
        raise ValueError(f"README.md must have exactly one place for {place.pattern!r}, but has {count}")
    return replaced
