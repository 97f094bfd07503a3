"""Where the parts of a checkout are."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A checkout of the repository; `root` is its top folder."""

    root: Path

    @property
    def source(self) -> Path:
        """The folder of the Python packages."""
        return self.root / "shared_lib" / "src"

    @property
    def functions(self) -> tuple[Path, ...]:
        """The folders of the functions, sorted by name."""
        return tuple(path.parent for path in sorted((self.root / "functions").glob("*/main.py")))

    @property
    def table_sources(self) -> Path:
        """The package with the table folders that are written by hand."""
        return self.source / "tipoff" / "tables"

    @property
    def mesh_file(self) -> Path:
        """The file that declares every cloud resource."""
        return self.root / "terraform" / "mesh.yaml"

    @property
    def dist(self) -> Path:
        """The folder of everything that is deployed."""
        return self.root / "dist"


def find_project() -> Project:
    """The checkout that this package runs from."""
    return Project(Path(__file__).resolve().parents[4])
