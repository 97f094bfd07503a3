"""The catalogue of the local warehouse lists what exists, and no longer what was dropped."""

from collections.abc import Iterator

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery
from tests.local_cloud.bigquery.test_buffer import PROJECT, official_client

from tipoff_local.bigquery import Warehouse

SCHEMA = """
CREATE SCHEMA log;
CREATE SCHEMA other;
CREATE TABLE log.counts (n INT64 NOT NULL, said STRING, parts STRUCT<a INT64, b STRING>);
CREATE TABLE other.counts (m INT64);
CREATE VIEW log.seen AS SELECT n FROM log.counts;
CREATE TABLE log.by_day (n INT64) PARTITION BY _PARTITIONDATE
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bigquery.Client]:
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"), PROJECT)
    warehouse.start()
    client = official_client(warehouse)
    for statement in SCHEMA.split(";"):
        client.query_and_wait(statement)
    yield client
    warehouse.stop()


def kinds(client: bigquery.Client, dataset: str) -> dict[str, str]:
    return {found.table_id: found.table_type for found in client.list_tables(dataset)}


def test_a_dataset_lists_its_own_tables_and_views(client: bigquery.Client) -> None:
    assert kinds(client, "log") == {"by_day": "TABLE", "counts": "TABLE", "seen": "VIEW"}
    assert kinds(client, "other") == {"counts": "TABLE"}


def test_a_table_has_its_columns_and_its_present_number_of_rows(client: bigquery.Client) -> None:
    client.query_and_wait("INSERT log.counts (n, said) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    client.query_and_wait("DELETE FROM log.counts WHERE n = 2")
    assert client.get_table(f"{PROJECT}.log.counts").num_rows == 2
    client.query_and_wait("TRUNCATE TABLE log.counts")
    client.query_and_wait("INSERT log.counts (n) VALUES (1)")
    found = client.get_table(f"{PROJECT}.log.counts")
    assert [(field.name, field.mode) for field in found.schema] == [
        ("n", "REQUIRED"),
        ("said", "NULLABLE"),
        ("parts", "NULLABLE"),
    ]
    assert found.num_rows == 1
    assert [row.n for row in client.query_and_wait("SELECT n FROM log.counts ORDER BY n")] == [1]


def test_a_dropped_table_is_not_found_and_its_successor_is(client: bigquery.Client) -> None:
    client.query_and_wait("CREATE TABLE log.passing (n INT64 NOT NULL)")
    with pytest.raises(Conflict):
        client.query_and_wait("CREATE TABLE log.passing (n INT64)")
    client.query_and_wait("DROP TABLE log.passing")
    with pytest.raises(NotFound):
        client.query_and_wait("SELECT n FROM log.passing")
    client.query_and_wait("CREATE TABLE log.passing (other STRING)")
    assert [(f.name, f.mode) for f in client.get_table(f"{PROJECT}.log.passing").schema] == [("other", "NULLABLE")]
    client.query_and_wait("DROP TABLE log.passing")
    assert "passing" not in kinds(client, "log")


def test_a_dataset_that_is_not_empty_is_only_deleted_with_cascade(client: bigquery.Client) -> None:
    with pytest.raises(BadRequest):
        client.delete_dataset("other")
    client.query_and_wait("DROP SCHEMA other CASCADE")
    with pytest.raises(NotFound):
        client.get_dataset("other")


def test_the_column_of_ingestion_time_is_hidden_from_stars(client: bigquery.Client) -> None:
    client.query_and_wait("INSERT log.by_day (n) VALUES (1)")
    [row] = client.query_and_wait("SELECT * FROM log.by_day")
    assert dict(row) == {"n": 1}
    [row] = client.query_and_wait("SELECT _PARTITIONDATE IS NOT NULL AS dated FROM log.by_day")
    assert row.dated
