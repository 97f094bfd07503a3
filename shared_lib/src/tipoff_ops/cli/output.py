"""What commands print: results to standard output, progress and errors to standard error."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.table import Table

out = Console()
console = Console(stderr=True)


def print_json(value: object) -> None:
    """Print one JSON document."""
    typer.echo(msgspec.json.encode(value))


def print_rows(rows: Sequence[msgspec.Struct], as_json: bool = False) -> None:
    """Print structs of one type as JSON, or as a table with a column for each field; nothing if there are none."""
    if as_json:
        print_json(rows)
    elif rows:
        table = Table(*rows[0].__struct_fields__)
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in msgspec.structs.astuple(row)))
        out.print(table)


def print_fields(fields: Mapping[str, Any], as_json: bool) -> None:
    """Print named values as JSON, or one on each line."""
    if as_json:
        print_json(fields)
    else:
        out.print(*(f"{name}: {value}" for name, value in fields.items()), sep="\n", highlight=False)


def fail(message: str, exit_code: int = 1) -> NoReturn:
    """Print why the command cannot be done and exit."""
    console.print(message, highlight=False, soft_wrap=True)
    raise typer.Exit(exit_code)
