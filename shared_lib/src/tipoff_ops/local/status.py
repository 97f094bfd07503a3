"""`tipoff local status`: which servers of a local cloud answer."""

import typer
from rich.table import Table

from tipoff_ops.cli.options import Folder
from tipoff_ops.cli.output import console
from tipoff_ops.local.errors import report_errors
from tipoff_ops.local.folder import cloud_folder
from tipoff_ops.local.state import State, is_whole, server_status


def status(folder: Folder = None) -> None:
    """Show which of the started servers answer.

    Exits with 1 if one of them does not.

    Example: tipoff local status
    """
    with report_errors():
        state = cloud_folder(folder).read()
    console.print(servers_table(state))
    if not is_whole(state):
        raise typer.Exit(1)


def servers_table(state: State) -> Table:
    """The servers and their status, for a terminal."""
    table = Table("server", "url", "pid", "state")
    for server in state.servers:
        table.add_row(server.name, server.url, str(server.pid), server_status(server))
    return table
