"""`tipoff local reset`: delete the data of a local cloud."""

import shutil

from tipoff_ops.cli.options import Folder
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import cloud_folder


def reset(folder: Folder = None) -> None:
    """Delete the data of a local cloud that does not run."""
    with report_errors():
        cloud = cloud_folder(folder)
        with cloud.locked():
            shutil.rmtree(cloud.data, ignore_errors=True)
