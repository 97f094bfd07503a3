"""`tipoff local token`: the operator's bearer token for a function of a local cloud."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tipoff_local.identity import Identity
from tipoff_ops.cli.options import Folder
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import cloud_folder
from tipoff_ops.local.project import OPERATOR
from tipoff_ops.local.state import State


def token(
    service: Annotated[str, typer.Argument(help="A function, by its mesh key or its service name.")],
    folder: Folder = None,
) -> None:
    """Print a bearer token for a function, valid for an hour.

    The token is that of the operator.

    Example: tipoff local token analyze
    """
    with report_errors():
        state = cloud_folder(folder).read()
    try:
        sys.stdout.write(operator_token(state, service) + "\n")
    except KeyError as error:
        raise typer.BadParameter(str(error.args[0])) from error


def operator_token(state: State, service: str) -> str:
    """A bearer token for a function of a running local cloud.

    Args:
        service: mesh key or service name of the function.

    Raises:
        KeyError: there is no such function; the message lists those that exist.
    """
    urls = [url for key, url in state.services.items() if service in (key, url.rpartition("/")[2])]
    if not urls:
        raise KeyError(f"{service!r} is none of {', '.join(sorted(state.services))}")
    return Identity(Path(state.folder) / "identity").sign(urls[0], OPERATOR)
