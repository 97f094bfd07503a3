"""An empty warehouse with every dataset and table, made once per set of schemas and copied from then on.

Making it takes a statement per table; a copy takes milliseconds. A warehouse that was filled under older schemas is
brought to today's when it is next started.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tipoff.tables import Table
from tipoff.tables.ddl import column_type, create_statement, create_statements
from tipoff.tables.registry import lineage_order
from tipoff_local.bigquery import Warehouse, clone
from tipoff_local.bigquery.keepsake import give_back

MADE_FOR = "made-for"


def empty_warehouse(folder: Path, templates: Path, project: str, statements: tuple[str, ...] | None = None) -> Path:
    """Put an empty warehouse of all tables (or of `statements`) into `folder`, which must not exist yet.

    Returns the template it was copied from, for `learn`.

    Args:
        templates: where templates are kept, by digest of their statements.
    """
    wanted = create_statements() if statements is None else statements
    template = templates / _key(wanted, project)
    with _one_maker(template):
        if not template.is_dir():
            _make(template, project, wanted)
    clone(template, folder)
    (folder / MADE_FOR).write_text(template.name)
    return template


def is_current(folder: Path, project: str) -> bool:
    """Whether a kept warehouse was made for, or renewed to, the schemas of today."""
    note = folder / MADE_FOR
    return note.is_file() and note.read_text() == _key(create_statements(), project)


def renew(warehouse: Warehouse, folder: Path, project: str) -> None:
    """Bring a kept, started warehouse to the schemas of today; its rows stay."""
    bring_to(lineage_order(), warehouse, project)
    (folder / MADE_FOR).write_text(_key(create_statements(), project))


def bring_to(tables: Sequence[Table], warehouse: Warehouse, project: str) -> None:
    """Make the tables that are missing, add the columns that are missing, make views and functions anew.

    A column that is added is NULL on the rows that are there, REQUIRED or not. What is no longer declared stays.
    """
    with _client(warehouse, project) as client:
        for dataset in sorted({table.dataset for table in tables}):
            client.create_dataset(dataset, exists_ok=True)
        for table in tables:
            for statement in _lacking(client, table):
                client.query_and_wait(statement)


def _lacking(client: bigquery.Client, table: Table) -> list[str]:
    """The statements after which `table` is as declared."""
    if table.kind in ("view", "table_function"):
        return [create_statement(table)]
    try:
        there = {column.name for column in client.get_table(table.full_name).schema}
    except NotFound:
        return [create_statement(table)]
    missing = [column for column in table.columns if column.name not in there]
    return [f"ALTER TABLE {table.full_name} ADD COLUMN {each.name} {column_type(each)}" for each in missing]


def learn(template: Path, folder: Path) -> None:
    """Let later copies of a template know the translations that a stopped warehouse made from it has found."""
    give_back(folder / "data", template / "data")


def _key(statements: tuple[str, ...], project: str) -> str:
    text = "\n".join((version("local-bigquery"), version("duckdb"), project, *statements))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def _one_maker(template: Path) -> Iterator[None]:
    """Who asks while another makes it waits: making takes half a minute of a processor, and more beside another."""
    template.parent.mkdir(parents=True, exist_ok=True)
    with (template.parent / f"{template.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(template: Path, project: str, statements: tuple[str, ...]) -> None:
    scratch = Path(mkdtemp(prefix="making-", dir=template.parent))
    # Statements come one by one and find no rows: further threads of DuckDB would only wait for work, and busily.
    warehouse = Warehouse(scratch / "warehouse", project, threads=1)
    warehouse.start()
    try:
        _execute(warehouse, project, statements)
    finally:
        warehouse.stop()
    clone(scratch / "warehouse", scratch / "template")
    (scratch / "template").rename(template)
    shutil.rmtree(scratch, ignore_errors=True)


def _execute(warehouse: Warehouse, project: str, statements: tuple[str, ...]) -> None:
    with _client(warehouse, project) as client:
        for statement in statements:
            client.query_and_wait(statement)


def _client(warehouse: Warehouse, project: str) -> bigquery.Client:
    options = {"api_endpoint": warehouse.rest_url}
    return bigquery.Client(project=project, credentials=AnonymousCredentials(), client_options=options)
