"""Cached answers of the local warehouse never survive a change of its catalogue, and no invalid row is appended."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from local_bigquery.models import TableFieldSchema

from tipoff.cloud import append
from tipoff.cloud.append import Appender
from tipoff.cloud.clients import Endpoints
from tipoff.cloud.ledger import QuotaLedger
from tipoff.cloud.rows import Part, RowEncoder
from tipoff.core.errors import ContractViolation, RateLimited
from tipoff.tables import Column, Table, all_tables
from tipoff.tables.ddl import create_statements
from tipoff_local.bigquery import Warehouse
from tipoff_local.bigquery.patches import appends
from tipoff_local.bigquery.patches.results import OnlyColumns

PROJECT = "tipoff-tests"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    server = Warehouse(tmp_path_factory.mktemp("memory"), PROJECT)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(warehouse: Warehouse) -> bigquery.Client:
    credentials = AnonymousCredentials()
    return bigquery.Client(PROJECT, credentials, client_options={"api_endpoint": warehouse.rest_url})


def rows(client: bigquery.Client, sql: str) -> list[dict[str, Any]]:
    return [dict(row.items()) for row in client.query_and_wait(sql)]


def test_a_replaced_view_is_read_as_it_is_now(client: bigquery.Client) -> None:
    rows(client, "CREATE SCHEMA seen")
    for value in (1, 2):
        rows(client, f"CREATE OR REPLACE VIEW seen.v AS SELECT {value} AS n")
        assert rows(client, "SELECT n FROM seen.v") == [{"n": value}]


def test_a_dropped_table_is_not_found_and_its_successor_has_its_own_types(client: bigquery.Client) -> None:
    rows(client, "CREATE SCHEMA made")
    rows(client, "CREATE TABLE made.t AS SELECT 7 AS n")
    assert rows(client, "SELECT n / 2 AS half FROM made.t") == [{"half": 3.5}]
    client.delete_table(f"{PROJECT}.made.t")
    with pytest.raises(NotFound):
        rows(client, "SELECT n / 2 AS half FROM made.t")
    rows(client, "CREATE TABLE made.t AS SELECT NUMERIC '7' AS n")
    [row] = rows(client, "SELECT n / 2 AS half FROM made.t")
    assert str(row["half"]) == "3.5", "a NUMERIC stays a NUMERIC, although the same text was translated for an INT64"


def test_raise_keeps_the_reason_of_the_caught_error(client: bigquery.Client) -> None:
    """https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#raise"""
    rows(client, "CREATE SCHEMA raised")
    with pytest.raises(NotFound):
        rows(client, "BEGIN SELECT n FROM raised.nothing; EXCEPTION WHEN ERROR THEN SELECT 1; RAISE; END")
    with pytest.raises(BadRequest, match="in other words"):
        rows(
            client,
            "BEGIN SELECT n FROM raised.nothing; EXCEPTION WHEN ERROR THEN RAISE USING MESSAGE = 'in other words'; END",
        )


def test_a_column_added_by_rest_is_seen(client: bigquery.Client) -> None:
    rows(client, "CREATE SCHEMA grown")
    rows(client, "CREATE TABLE grown.t AS SELECT 1 AS a")
    assert rows(client, "SELECT * FROM grown.t") == [{"a": 1}]
    table = client.get_table(f"{PROJECT}.grown.t")
    table.schema = [*table.schema, bigquery.SchemaField("b", "STRING")]
    client.update_table(table, ["schema"])
    assert rows(client, "SELECT * FROM grown.t") == [{"a": 1, "b": None}]


def test_values_of_parameters_are_not_part_of_a_cached_translation(client: bigquery.Client) -> None:
    for value in ("x", "y'; --"):
        config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("v", "STRING", value)])
        assert [row[0] for row in client.query_and_wait("SELECT @v", job_config=config)] == [value]


def test_a_query_with_parameters_is_run_once() -> None:
    runs: list[int] = []

    def noted(n: int) -> int:
        runs.append(n)
        return n

    with duckdb.connect() as connection:
        connection.create_function("noted", noted, ["BIGINT"], "BIGINT", side_effects=True)
        sql = "SELECT noted($n) AS a, 'x' AS b"
        relation = OnlyColumns(connection, sql).sql(sql, params={"n": 7})
        assert (relation.columns, runs) == (["a", "b"], [])
        assert connection.sql(f"SELECT * FROM ({sql})", params={"n": 7}).fetchall() == [(7, "x")]
        assert runs == [7]


def test_an_error_in_a_row_is_the_error_of_the_query(client: bigquery.Client) -> None:
    config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("n", "INT64", 0)])
    with pytest.raises(BadRequest, match="the row is bad"):
        client.query_and_wait("SELECT IF(@n = 0, ERROR('the row is bad'), 1) AS n", job_config=config)


def test_a_new_table_shows_in_the_information_schema(client: bigquery.Client) -> None:
    rows(client, "CREATE SCHEMA listed")
    listing = "SELECT table_name FROM listed.INFORMATION_SCHEMA.TABLES ORDER BY 1"
    assert rows(client, listing) == []
    rows(client, "CREATE TABLE listed.t (a INT64)")
    assert rows(client, listing) == [{"table_name": "t"}]


@pytest.fixture(scope="module")
def receipts(warehouse: Warehouse, client: bigquery.Client) -> tuple[Table, Appender]:
    """A table with an array of structs, and its appender."""
    [table] = [found for found in all_tables() if found.name == "object_receipts_log"]
    for statement in create_statements([table]):
        client.query_and_wait(statement)
    at: Endpoints = SimpleNamespace(
        project_id=PROJECT,
        bigquery_emulator_host=warehouse.rest_url,
        bigquery_storage_emulator_host=warehouse.grpc_address,
        emulator_access_token=None,
    )
    return table, Appender(at, QuotaLedger())


PLAIN: dict[str, Any] = {
    "STRING": "it's", "INT64": 3, "FLOAT64": 0.5, "BOOL": True, "NUMERIC": Decimal("1.25"),
    "DATE": date(2025, 1, 15), "TIMESTAMP": datetime(2025, 1, 15, 3, 30, 0, 250_000, tzinfo=UTC),
}  # fmt: skip


def filled(columns: Sequence[Column]) -> SimpleNamespace:
    """A row with a value in each column, one element in each array."""
    values: dict[str, Any] = {}
    for column in columns:
        one = filled(column.fields) if column.fields else PLAIN[column.type]
        values[column.name] = [one] if column.mode == "REPEATED" else one
    return SimpleNamespace(**values)


def plainly(value: Any) -> Any:
    """The value, with structs as dicts."""
    if isinstance(value, SimpleNamespace):
        return {name: plainly(part) for name, part in vars(value).items()}
    return [plainly(item) for item in value] if isinstance(value, list) else value


def test_appended_rows_are_read_as_they_were_sent_and_one_invalid_row_refuses_all(
    client: bigquery.Client, receipts: tuple[Table, Appender]
) -> None:
    table, appender = receipts
    required = next(c.name for c in table.columns if c.mode == "REQUIRED" and c.type == "STRING")
    good, bad = filled(table.columns), filled(table.columns)
    setattr(bad, required, None)
    [refusal] = appender.append([Part(table, [good, bad])])
    assert isinstance(refusal, ContractViolation) and required in refusal.message
    assert appender.append([Part(table, [good, good])]) == [None]
    assert rows(client, f"SELECT * FROM {table.full_name}") == [plainly(good)] * 2


_OF_REST = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}


def as_rest(columns: Sequence[Column]) -> list[TableFieldSchema]:
    """Columns as local-bigquery describes them."""
    return [
        TableFieldSchema(
            name=column.name,
            type=_OF_REST.get(column.type, column.type),
            mode=column.mode,
            fields=as_rest(column.fields) if column.fields else None,
        )
        for column in columns
    ]


APPENDED = [table for table in all_tables() if table.kind in ("landing", "log")]


@pytest.mark.parametrize("table", APPENDED, ids=lambda table: table.full_name)
def test_no_table_of_ours_takes_the_slow_path(table: Table) -> None:
    """The slow path turns each row into JSON and back three times, with the same result."""
    whole, empty = filled(table.columns), filled(table.columns)
    for column in table.columns:
        if column.mode != "REQUIRED":
            setattr(empty, column.name, [] if column.mode == "REPEATED" else None)
    batch = RowEncoder(table).encode([Part(table, [whole, empty])])
    assert appends._fits(batch, as_rest(table.columns))


def test_an_append_may_have_the_documented_size_and_the_next_one_works_after_one_too_large(
    client: bigquery.Client, receipts: tuple[Table, Appender], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service closes the stream of a request that is too large; the next append needs a new stream."""
    table, appender = receipts
    monkeypatch.setattr(append, "APPEND_BYTES_MAX", 50_000_000)
    small, large = filled(table.columns), filled(table.columns)
    large.source, small.source = "x" * 7_000_000, "small"
    count = f"SELECT COUNT(*) AS n FROM {table.full_name} WHERE LENGTH(source) = 7000000 OR source = 'small'"
    [refusal] = appender.append([Part(table, [large] * 3)])
    assert isinstance(refusal, RateLimited)
    assert appender.append([Part(table, [large])]) == [None]
    assert appender.append([Part(table, [small])]) == [None]
    assert rows(client, count) == [{"n": 2}]


def test_a_query_over_an_unfiltered_partition_is_still_refused(client: bigquery.Client) -> None:
    rows(client, "CREATE SCHEMA parted")
    rows(
        client,
        "CREATE TABLE parted.t (d DATE, n INT64) PARTITION BY d OPTIONS (require_partition_filter = TRUE)",
    )
    for _ in range(2):
        with pytest.raises(BadRequest, match="partition elimination"):
            rows(client, "SELECT n FROM parted.t")
        assert rows(client, "SELECT n FROM parted.t WHERE d = DATE '2025-01-01'") == []
