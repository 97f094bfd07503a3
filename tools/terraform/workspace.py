"""A copy of the files that terraform reads, in which the gate runs terraform and tests insert faults."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import toolbox
import yaml

ENVIRONMENTS = tuple(sorted(path.parent.name for path in toolbox.REPOSITORY.glob("terraform/environments/*/main.tf")))
TABLES = Path("dist/tables")
WORKFLOWS = Path("dist/workflows")
MANIFEST = Path("dist/manifest.json")
STAND_IN_RELEASE = "not-built"
NOT_BUILT = "0" * 64
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


@dataclass(frozen=True)
class Workspace:
    """A copy; `root` is its top folder, which has `terraform/` and `dist/`."""

    root: Path

    def environment(self, name: str) -> Path:
        """The root module of an environment."""
        return self.root / "terraform" / "environments" / name

    def edit(self, file: str, find: str, replace: str) -> None:
        """Replace a text in a file. The text must occur exactly once."""
        path = self.root / file
        text = path.read_text()
        if text.count(find) != 1:
            raise toolbox.GateError(f"{file} holds {find!r} {text.count(find)} times, not once")
        path.write_text(text.replace(find, replace))

    def init(self, name: str) -> None:
        """Initialise an environment with a local backend, for validate and plan."""
        (self.environment(name) / "backend_override.tf").write_text(LOCAL_BACKEND)
        toolbox.terraform().must(self.environment(name), "init", "-input=false", "-no-color")

    def plan(self, terraform: toolbox.Terraform, name: str, *options: str) -> dict[str, Any]:
        """The plan of an environment, in the JSON format of terraform."""
        folder = self.environment(name)
        terraform.must(folder, "plan", "-input=false", "-no-color", "-lock=false", "-out=plan.bin", *options)
        shown: dict[str, Any] = json.loads(terraform.must(folder, "show", "-json", "plan.bin"))
        return shown

    def alone(self, file: str) -> Path:
        """A folder with one file of the module and the configuration of checkov: a full scan takes ten times longer."""
        folder = self.root / "alone"
        folder.mkdir()
        shutil.copy(self.root / file, folder)
        shutil.copy(self.root / "terraform" / ".checkov.yaml", folder)
        return folder

    def copy(self, folder: Path) -> Workspace:
        """A copy of the initialised workspace, for a test that inserts a fault."""
        return Workspace(Path(shutil.copytree(self.root, folder, symlinks=True)))


def incomplete(root: Path) -> list[str]:
    """Files that table folders lack. A plan leaves such folders out, and the catalogue step names them."""
    needed = {"view": "view.sql", "table_function": "function.sql"}
    found = []
    for path in sorted((root / TABLES).glob("*/*/table.yaml")):
        file = needed.get(yaml.safe_load(path.read_text())["kind"], "schema.json")
        if not (path.parent / file).is_file():
            found.append(str((path.parent / file).relative_to(root)))
    return found


def create(folder: Path) -> Workspace:
    """Copy the mesh, modules, environments, workflows, complete table folders and the manifest of the build."""
    source = toolbox.REPOSITORY
    for part in (TABLES, WORKFLOWS):
        if not (source / part).is_dir():
            raise toolbox.GateError(f"{part} is missing; run: make build")
    leave = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", "*.py", "__pycache__")
    for part in (Path("terraform"), WORKFLOWS, TABLES):
        shutil.copytree(source / part, folder / part, ignore=leave)
    for example in folder.glob("terraform/environments/*/terraform.tfvars.example"):
        shutil.copy(example, example.with_suffix(""))
    for missing in incomplete(folder):
        shutil.rmtree((folder / missing).parent)
    _manifest(source, folder)
    return Workspace(folder)


def _manifest(source: Path, folder: Path) -> None:
    """Write the manifest of the build, with a placeholder for each function that is not built."""
    functions = yaml.safe_load((folder / "terraform" / "mesh.yaml").read_text())["functions"]
    zips = {key: {"zip": f"dist/{key}-{NOT_BUILT}.zip", "sha256": NOT_BUILT} for key in functions}
    built: dict[str, Any] = {"release": STAND_IN_RELEASE, "functions": {}}
    if (source / MANIFEST).is_file():
        built = json.loads((source / MANIFEST).read_text())
    target = folder / MANIFEST
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({**built, "functions": {**zips, **built["functions"]}}))


@contextmanager
def temporary() -> Iterator[Workspace]:
    """A workspace that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="tipoff-tf-") as folder:
        yield create(Path(folder) / "repository")
