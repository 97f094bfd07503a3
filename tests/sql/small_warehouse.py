"""A warehouse of small facts: the folders a test needs, and rows stated by what matters in them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tests.support.table_digest import TableDigest, digest_query, digest_rows

from tipoff.tables import Column, Table, all_tables, get
from tipoff.tables.ddl import create_statements
from tipoff.tables.rebuild import rebuild_script
from tipoff_local.bigquery import Warehouse

EMPTY: Mapping[str, Any] = {
    "STRING": "", "INT64": 0, "FLOAT64": 0.0, "NUMERIC": "0", "BOOL": False, "DATE": "2025-01-15",
    "TIMESTAMP": "2025-01-01T00:00:00Z",
}  # fmt: skip


def with_inputs(names: Iterable[str]) -> list[Table]:
    """The folders called `names` and all they read, inputs first."""
    by_full_name = {table.full_name: table for table in all_tables()}
    ordered: dict[str, Table] = {}

    def visit(table: Table) -> None:
        for name in table.spec.inputs:
            visit(by_full_name[name])
        ordered.setdefault(table.full_name, table)

    for name in names:
        visit(get(name))
    return list(ordered.values())


class SmallWarehouse:
    """One local-bigquery with the folders behind `names`; tests use dates of their own to stay apart."""

    def __init__(self, folder: Path, names: Sequence[str], project: str = "local") -> None:
        self._project = project
        # Rows so few are one piece of work: a second thread of DuckDB would only look for some, busily.
        self._server = Warehouse(folder, project, threads=1)
        self._server.start()
        options = {"api_endpoint": self._server.rest_url}
        self._client = bigquery.Client(project, credentials=AnonymousCredentials(), client_options=options)
        for statement in create_statements(with_inputs(names)):
            self.run(statement)

    @property
    def rest_url(self) -> str:
        """Where queries go."""
        return self._server.rest_url

    @property
    def grpc_address(self) -> str:
        """Where Storage reads and appends go."""
        return self._server.grpc_address

    def stop(self) -> None:
        """End the server."""
        self._client.close()
        self._server.stop()

    def run(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of a statement or script."""
        kinds = {date: "DATE", datetime: "TIMESTAMP", int: "INT64", str: "STRING"}
        config = bigquery.QueryJobConfig(
            query_parameters=[bigquery.ScalarQueryParameter(k, kinds[type(v)], v) for k, v in parameters.items()]
        )
        return [dict(row.items()) for row in self._client.query_and_wait(sql, job_config=config)]

    def put(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Append rows; columns not stated are empty (required) or NULL."""
        self.load(table, [_filled(table.columns, row) for row in rows])

    def load(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append whole rows."""
        config = bigquery.LoadJobConfig(schema=self._client.get_table(f"{self._project}.{table.full_name}").schema)
        self._client.load_table_from_json(rows, f"{self._project}.{table.full_name}", job_config=config).result()

    def rebuild(
        self, name: str, start: date, end: date | None = None, as_of: str = "2030-01-01T00:00:00+00:00"
    ) -> None:
        """Rebuild a derived table as the steps do."""
        self.run(
            rebuild_script(get(name)), start_date=start, end_date=end or start, lead_minutes=30,
            as_of=datetime.fromisoformat(as_of).astimezone(UTC),
        )  # fmt: skip

    def digest(self, name: str, start: date, end: date) -> TableDigest:
        """Canonical digest of a derived table's range."""
        return digest_rows(get(name), self.run(digest_query(get(name)), start_date=start, end_date=end))


def _filled(columns: Iterable[Column], given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(given) - {column.name for column in columns}
    assert not unknown, unknown
    required = {c.name: EMPTY[c.type] for c in columns if c.mode == "REQUIRED"}
    return {**required, **{name: _plain(value) for name, value in given.items()}}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
