"""`tipoff build`."""

from tipoff_ops.build.dist import build_all
from tipoff_ops.build.project import find_project
from tipoff_ops.cli.output import console


def build() -> None:
    """Write everything that is deployed into dist/.

    The same sources give the same bytes.

    Example: tipoff build
    """
    console.print(f"release {build_all(find_project())['release']}")
