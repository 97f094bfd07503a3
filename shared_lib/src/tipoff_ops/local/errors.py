"""Errors of the local cloud that its user can repair: one sentence and exit code 1 instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from tipoff_local.httpd import PortTaken
from tipoff_local.processes import ChildFailed
from tipoff_ops.cli.output import fail
from tipoff_ops.local.folder import AlreadyRunning, NotRunning


@contextmanager
def report_errors() -> Iterator[None]:
    """Print the message of an error that the user can repair, and exit with 1."""
    try:
        yield
    except (AlreadyRunning, NotRunning, PortTaken, ChildFailed) as error:
        fail(str(error))
