"""Empty warehouses with all datasets and tables: created once for each set of schemas, then copied.

To create one takes a statement for each table; to copy it takes milliseconds. A warehouse that was filled under older
schemas is upgraded to the present ones when it is next started.
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
from tipoff_local.bigquery.translation_file import save_to_template

SCHEMAS_FILE = "made-for"  # holds the digest of the schemas that the warehouse has


def create_empty_warehouse(
    folder: Path, templates: Path, project: str, statements: tuple[str, ...] | None = None
) -> Path:
    """Create an empty warehouse of all tables (or of `statements`) in `folder`, which must not exist yet.

    Args:
        templates: folder of the templates, by digest of their statements.

    Returns:
        The template that was copied, for `save_translations`.
    """
    wanted = create_statements() if statements is None else statements
    template = templates / _key(wanted, project)
    with _template_lock(template):
        if not template.is_dir():
            _create(template, project, wanted)
    clone(template, folder)
    (folder / SCHEMAS_FILE).write_text(template.name)
    return template


def is_current(folder: Path, project: str) -> bool:
    """Whether a warehouse was created for, or upgraded to, the present schemas."""
    schemas = folder / SCHEMAS_FILE
    return schemas.is_file() and schemas.read_text() == _key(create_statements(), project)


def upgrade(warehouse: Warehouse, folder: Path, project: str) -> None:
    """Upgrade a started warehouse to the present schemas; its rows stay."""
    upgrade_tables(lineage_order(), warehouse, project)
    (folder / SCHEMAS_FILE).write_text(_key(create_statements(), project))


def upgrade_tables(tables: Sequence[Table], warehouse: Warehouse, project: str) -> None:
    """Create missing tables, add missing columns, and replace views and functions.

    An added column is NULL in existing rows, even if it is REQUIRED. Tables and columns that are no longer declared
    stay.
    """
    with _client(warehouse, project) as client:
        for dataset in sorted({table.dataset for table in tables}):
            client.create_dataset(dataset, exists_ok=True)
        for table in tables:
            for statement in _upgrade_statements(client, table):
                client.query_and_wait(statement)


def _upgrade_statements(client: bigquery.Client, table: Table) -> list[str]:
    """The statements that make `table` as declared."""
    if table.kind in ("view", "table_function"):
        return [create_statement(table)]
    try:
        existing = {column.name for column in client.get_table(table.full_name).schema}
    except NotFound:
        return [create_statement(table)]
    missing = [column for column in table.columns if column.name not in existing]
    return [f"ALTER TABLE {table.full_name} ADD COLUMN {each.name} {column_type(each)}" for each in missing]


def save_translations(template: Path, folder: Path) -> None:
    """Copy the SQL translations that a stopped warehouse has stored to its template, so that later copies have them."""
    save_to_template(folder / "data", template / "data")


def _key(statements: tuple[str, ...], project: str) -> str:
    text = "\n".join((version("local-bigquery"), version("duckdb"), project, *statements))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def _template_lock(template: Path) -> Iterator[None]:
    """One process creates a template and the others wait: creating it takes half a minute of processor time."""
    template.parent.mkdir(parents=True, exist_ok=True)
    with (template.parent / f"{template.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _create(template: Path, project: str, statements: tuple[str, ...]) -> None:
    scratch = Path(mkdtemp(prefix="creating-", dir=template.parent))
    # Statements come one by one and read no rows. More threads of DuckDB would only spin while they wait for work.
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
