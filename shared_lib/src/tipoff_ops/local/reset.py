"""`tipoff local reset`: delete the data of a local cloud."""

from tipoff_ops.cli.options import Folder
from tipoff_ops.cli.output import out
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import cloud_folder


def reset(folder: Folder = None) -> None:
    """Delete the data of a local cloud that does not run.

    Example: tipoff local reset
    """
    with report_errors():
        cloud = cloud_folder(folder)
        if not cloud.has_data:
            out.print(f"there is no local cloud in {cloud.folder}", soft_wrap=True)
            return
        with cloud.locked():
            cloud.delete_data()
    out.print(f"deleted the data of {cloud.folder}", soft_wrap=True)
