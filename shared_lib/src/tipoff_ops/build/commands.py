"""`tipoff build` and `tipoff generate`."""

from rich.console import Console

console = Console()


def build() -> None:
    """Write everything that is deployed into dist/. Equal sources give equal bytes."""
    from tipoff_ops.build import find_project
    from tipoff_ops.build.dist import build_all

    console.print(f"release {build_all(find_project())['release']}")


def generate() -> None:
    """Write the generated files that are kept in git, and name those that changed."""
    from tipoff_ops.build import find_project
    from tipoff_ops.build.generate import generate as write_stale

    project = find_project()
    for path in write_stale(project):
        console.print(f"wrote {path.relative_to(project.root)}", soft_wrap=True)
