"""What commands print: results to standard output, progress and errors to standard error."""

import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

# Values may contain square brackets: nothing is markup.
out = Console(markup=False, highlight=False)
console = Console(stderr=True, markup=False, highlight=False)


def print_json(value: object) -> None:
    """Print one JSON document."""
    typer.echo(msgspec.json.encode(value))


def print_rows(rows: Sequence[msgspec.Struct], as_json: bool = False, *, empty: str) -> None:
    """Print structs of one type as JSON, or as a table with a column for each field; `empty` if there are none."""
    if as_json:
        print_json(rows)
    elif not rows:
        out.print(as_typed(empty), soft_wrap=True)
    else:
        table = folding_table(*rows[0].__struct_fields__)
        for row in rows:
            table.add_row(*map(cell_text, msgspec.structs.astuple(row)))
        out.print(table)


def folding_table(*columns: str) -> Table:
    """A table whose cells are folded where the terminal is too narrow, and never cut.

    Headers are folded at their underscores.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    return table


def cell_text(value: object) -> str:
    """A value as a cell of a table shows it: instants to the minute in UTC, numbers with one decimal."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%MZ}"
        case float():
            return f"{value:.1f}"
        case _:
            return str(value)


def print_fields(fields: Mapping[str, Any], as_json: bool) -> None:
    """Print named values as JSON, or one on each line."""
    if as_json:
        print_json(fields)
    else:
        out.print(*(f"{name}: {value}" for name, value in fields.items()), sep="\n")


def as_typed(text: str) -> str:
    """A text whose commands begin as this one was called, e.g. `.venv/bin/tipoff`, so that they can be copied."""
    return re.sub(r"(^|`)tipoff (?=[a-z])", lambda found: f"{found[1]}{_program()} ", text)


@cache
def _program() -> str:
    """`tipoff` if the shell finds this program under that name; otherwise the path of the program that runs."""
    called = Path(sys.argv[0])
    installed = shutil.which("tipoff")
    if called.name != "tipoff" or (installed and Path(installed).resolve() == called.resolve()):
        return "tipoff"
    path = called.absolute()
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def print_failure(message: str) -> None:
    """Print why the command cannot be done; with `--json`, also as a document with the field `error`."""
    if "--json" in sys.argv:
        print_json({"error": message})
    console.print(as_typed(message), soft_wrap=True)


def fail(message: str, exit_code: int = 1) -> NoReturn:
    """Print why the command cannot be done and exit."""
    print_failure(message)
    raise typer.Exit(exit_code)
