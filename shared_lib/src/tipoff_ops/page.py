"""The operator's page and the published documents as files on this machine.

Drawing is `tipoff.core.page`, which the publish function carries as well; here is only the file.
"""

from pathlib import Path

from tipoff.core.page import ReportData, render
from tipoff_local.files import write_whole


def write_page(data: ReportData, path: Path) -> Path:
    """Write the page to `path` (folders are made) and return its absolute path.

    A reader of `path` sees the old page or the new one, never half of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, render(data).encode())
    return path.resolve()
