"""`tipoff sql`: one query on the warehouse of an environment."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tipoff.core.errors import RequestRefused
from tipoff_ops.cli.options import AsJson, Env, Folder, Project
from tipoff_ops.cli.output import fail, folding_table, out, print_json
from tipoff_ops.operate.target import selected_target

ROWS_MAX = 1000
NOT_SQL = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*|#[^\n]*|/\*.*?\*/""", re.DOTALL)
QUERY = re.compile(r"\s*(SELECT|WITH|\()", re.IGNORECASE)
# GoogleSQL has no query that contains one of them, but the engine of the local warehouse knows `WITH ... DELETE`.
CHANGE = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|DROP|ALTER|CALL|EXECUTE|EXPORT|LOAD)\b", re.IGNORECASE
)


def sql(
    question: Annotated[str, typer.Argument(metavar="QUERY", help="One query, in GoogleSQL.")],
    folder: Folder = None,
    project: Project = "",
    env: Env = "dev",
    rows_max: Annotated[int, typer.Option("--max-rows", min=1, help="Show at most so many rows.")] = ROWS_MAX,
    as_json: AsJson = False,
) -> None:
    """Ask the warehouse one question; read only.

    Example: tipoff sql "SELECT output, state FROM nba_ops.expected_outputs LIMIT 5"
    """
    if not is_one_query(question):
        raise typer.BadParameter("give one query that begins with SELECT or WITH and changes nothing")
    with selected_target(folder, project, env) as target:
        try:
            rows = target.warehouse.rows(question, {}, dict[str, Any], rows_max + 1)
        except RequestRefused as error:
            fail(error.message)
    if as_json:
        print_json(rows[:rows_max])
    else:
        _print(rows, rows_max)


def is_one_query(question: str) -> bool:
    """Whether a text is one query and nothing else: no script, and no statement that changes something."""
    bare = NOT_SQL.sub(" ", question).strip().rstrip(";")
    return bool(QUERY.match(bare)) and ";" not in bare and not CHANGE.search(bare)


def _print(rows: Sequence[Mapping[str, Any]], rows_max: int) -> None:
    if not rows:
        out.print("no rows")
        return
    table = folding_table(*rows[0])
    for row in rows[:rows_max]:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(table)
    if len(rows) > rows_max:
        out.print(f"more than {rows_max} rows; --max-rows shows more")
