"""An empty warehouse with every dataset and table, made once per set of schemas and copied from then on.

Making it takes a statement per table; a copy takes milliseconds.
"""

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tipoff.tables.ddl import create_statements
from tipoff_local.bigquery import Warehouse, clone
from tipoff_local.bigquery_keepsake import give_back


def empty_warehouse(folder: Path, templates: Path, project: str, statements: tuple[str, ...] | None = None) -> Path:
    """Put an empty warehouse of all tables (or of `statements`) into `folder`, which must not exist yet.

    Returns the template it was copied from, for `learn`.

    Args:
        templates: where templates are kept, by digest of their statements.
    """
    wanted = create_statements() if statements is None else statements
    template = templates / _key(wanted, project)
    if not template.is_dir():
        _make(template, project, wanted)
    clone(template, folder)
    return template


def learn(template: Path, folder: Path) -> None:
    """Let later copies of a template know the translations that a stopped warehouse made from it has found."""
    give_back(folder / "data", template / "data")


def _key(statements: tuple[str, ...], project: str) -> str:
    text = "\n".join((version("local-bigquery"), version("duckdb"), project, *statements))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _make(template: Path, project: str, statements: tuple[str, ...]) -> None:
    template.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix="making-", dir=template.parent))
    warehouse = Warehouse(scratch / "warehouse", project)
    warehouse.start()
    try:
        _execute(warehouse, project, statements)
    finally:
        warehouse.stop()
    clone(scratch / "warehouse", scratch / "template")
    _publish(scratch / "template", template)
    shutil.rmtree(scratch, ignore_errors=True)


def _publish(made: Path, template: Path) -> None:
    """Two makers may race; the first to rename wins, and both made the same."""
    try:
        made.rename(template)
    except OSError:
        if not template.is_dir():
            raise


def _execute(warehouse: Warehouse, project: str, statements: tuple[str, ...]) -> None:
    options = {"api_endpoint": warehouse.rest_url}
    with bigquery.Client(project=project, credentials=AnonymousCredentials(), client_options=options) as client:
        for statement in statements:
            client.query_and_wait(statement)
