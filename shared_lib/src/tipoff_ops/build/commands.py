"""`tipoff build` and `tipoff generate`."""

from tipoff_ops.build.dist import build_all
from tipoff_ops.build.generate import write_stale_files
from tipoff_ops.build.project import find_project
from tipoff_ops.cli.output import console


def build() -> None:
    """Write everything that is deployed into dist/.

    The same sources give the same bytes.
    """
    console.print(f"release {build_all(find_project())['release']}")


def generate() -> None:
    """Write the generated files that are kept in git.

    Only stale files are written; their names are printed.
    """
    project = find_project()
    for path in write_stale_files(project):
        console.print(f"wrote {path.relative_to(project.root)}", soft_wrap=True)
