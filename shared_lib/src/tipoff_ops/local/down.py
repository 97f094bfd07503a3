"""`tipoff local down`: stop the process of a local cloud."""

import os
import signal
import time

from tipoff_local.processes import ChildFailed
from tipoff_ops.cli.options import Folder
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import CloudFolder, cloud_folder

STOP_TIMEOUT_S = 40.0
POLL_S = 0.1


def down(folder: Folder = None) -> None:
    """Stop the local cloud; its data stay.

    Example: tipoff local down
    """
    with report_errors():
        stop(cloud_folder(folder))


def stop(cloud: CloudFolder) -> None:
    """Stop the process that runs or starts a local cloud, and all its children.

    Raises:
        NotRunning: no local cloud runs in the folder.
        ChildFailed: the process did not end.
    """
    pid = cloud.owner_pid()
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while cloud.is_locked and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if not cloud.is_locked:
            return
    raise ChildFailed(f"process {pid} does not end")
