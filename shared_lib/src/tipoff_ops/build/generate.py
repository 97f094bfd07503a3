"""`tipoff generate`: the generated files that are kept in git."""

from collections.abc import Iterator
from pathlib import Path

from tipoff.tables.registry import read_tables
from tipoff_local import mesh
from tipoff_ops.build.project import Project, find_project
from tipoff_ops.build.tables import write_tables
from tipoff_ops.cli.output import console
from tipoff_ops.pages import conformance
from tipoff_ops.pages import mesh as mesh_page
from tipoff_ops.pages import tables as tables_page
from tipoff_ops.pages.readme import with_generated_parts


def generate() -> None:
    """Write the generated files that are kept in git.

    Only stale files are written; their names are printed.

    Example: tipoff generate
    """
    project = find_project()
    for path in write_stale_files(project):
        console.print(f"wrote {path.relative_to(project.root)}", soft_wrap=True)


def stale_files(project: Project) -> list[Path]:
    """The generated files that are missing or differ from what the generators write."""
    return [path for path, text in generated_files(project) if not path.is_file() or path.read_text("utf-8") != text]


def write_stale_files(project: Project) -> list[Path]:
    """Write the stale files and return their paths. Files that are fresh are not touched."""
    wanted, stale = dict(generated_files(project)), stale_files(project)
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return stale


def generated_files(project: Project) -> Iterator[tuple[Path, str]]:
    """(path, text) of every generated file that is kept in git."""
    write_tables(project)
    page, tables = mesh.load(project.mesh_file), read_tables(project.dist / "tables")
    readme = project.root / "README.md"
    yield project.root / "docs" / "tables.md", tables_page.document(tables)
    yield project.root / "docs" / "mesh.md", mesh_page.document(page, tables)
    makefile = (project.root / "Makefile").read_text("utf-8")
    yield readme, with_generated_parts(readme.read_text("utf-8"), page, makefile)
    differences = project.root / "tests" / "conformance" / "differences.yaml"
    yield project.root / "docs" / "conformance.md", conformance.document(conformance.read_differences(differences))
