"""`tipoff local env`: environment variables for the clients of a local cloud."""

import sys

from tipoff_ops.cli.options import Folder
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import cloud_folder
from tipoff_ops.local.state import export_lines


def env(folder: Folder = None) -> None:
    """Print `export` lines that point clients at the cloud.

    The clients are the official ones, gcloud, bq and curl.

    Example: tipoff local env
    """
    with report_errors():
        sys.stdout.write("\n".join(export_lines(cloud_folder(folder).read().variables)) + "\n")
