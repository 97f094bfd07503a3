"""A local warehouse with older schemas is updated to the present ones, and keeps its rows."""

from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tipoff import tables
from tipoff.tables.ddl import create_statement
from tipoff_local.bigquery import Warehouse
from tipoff_ops.local.templates import create_empty_warehouse, is_current, upgrade_tables

PROJECT = "tipoff-tests"
LOG, VIEW = tables.get("object_receipts_log"), tables.get("object_receipts")
YOUNGEST = "content_sha256"

ROW = f"""INSERT INTO {LOG.full_name} (received_date, source_object, source_generation, source, parse_seq, outcome,
  rows_in, rows_out, rows_rejected, received_at, committed_at, release)
SELECT DATE '2026-01-05', 'kept.json', 1, 'odds_api_events', 1, 'accepted', 1, 1, 0, at, at, 'old'
FROM (SELECT TIMESTAMP '2026-01-05 18:00:00+00' AS at)"""


def older_statements() -> tuple[str, ...]:
    """The statements of an older release, without the view and without the newest column of the log."""
    lines = create_statement(LOG).splitlines()
    kept = [line for line in lines if line.split()[0] != YOUNGEST]
    assert len(kept) == len(lines) - 1
    return (f"CREATE SCHEMA {LOG.dataset}", "\n".join(kept).replace(",\n)", "\n)"))


def test_an_existing_warehouse_is_updated_to_the_present_schemas(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse"
    create_empty_warehouse(folder, tmp_path / "templates", PROJECT, older_statements())
    assert not is_current(folder, PROJECT)

    warehouse = Warehouse(folder, PROJECT)
    warehouse.start()
    options = {"api_endpoint": warehouse.rest_url}
    credentials = AnonymousCredentials()
    try:
        with bigquery.Client(project=PROJECT, credentials=credentials, client_options=options) as client:
            client.query_and_wait(ROW)
            upgrade_tables([LOG, VIEW], warehouse, PROJECT)
            found = list(client.query_and_wait(f"SELECT source_object, {YOUNGEST} FROM {VIEW.full_name}"))
            assert [tuple(row.values()) for row in found] == [("kept.json", None)]
            upgrade_tables([LOG, VIEW], warehouse, PROJECT)
    finally:
        warehouse.stop()
