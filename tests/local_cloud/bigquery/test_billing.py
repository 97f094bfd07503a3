"""Each job is billed as BigQuery bills it, in its statistics and in the usage log under its labels."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core.exceptions import BadRequest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tipoff_local.bigquery import Warehouse
from tipoff_local.bigquery.billing import ROWS_KEPT_S, billed_bytes
from tipoff_local.usage import read_usage

MIB = 2**20
DAY = "DATE '2025-01-01'"
OBJECTS = f"""
CREATE SCHEMA b;
CREATE TABLE b.games (game_date DATE, home STRING);
CREATE TABLE b.teams (home STRING);
CREATE TABLE b.log (n INT64);
CREATE VIEW b.named AS SELECT g.game_date, t.home FROM b.games AS g JOIN b.teams AS t ON t.home = g.home;
CREATE VIEW b.named_today AS SELECT n.home FROM b.named AS n WHERE n.game_date = {DAY};
CREATE TABLE FUNCTION b.since(first DATE) AS (SELECT g.home FROM b.games AS g WHERE g.game_date >= first);
INSERT INTO b.games VALUES ({DAY}, 'BOS');
INSERT INTO b.log VALUES (1), (2)
"""


@pytest.fixture(scope="module")
def usage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("usage")


@pytest.fixture(scope="module")
def client(usage: Path) -> Iterator[bigquery.Client]:
    server = Warehouse(usage / "warehouse", "local", usage_folder=usage / "log")
    server.start()
    options = {"api_endpoint": server.rest_url}
    found = bigquery.Client("local", credentials=AnonymousCredentials(), client_options=options)
    for statement in OBJECTS.split(";"):
        found.query(statement).result()
    yield found
    server.stop()


def billed_tables(client: bigquery.Client, sql: str) -> int:
    job = client.query(sql)
    job.result()
    assert job.total_bytes_billed % (10 * MIB) == 0
    return int(job.total_bytes_billed // (10 * MIB))


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", 0),
        ("SELECT n FROM b.log", 1),
        ("SELECT a.n FROM b.log AS a JOIN b.log AS c ON a.n = c.n", 1),
        ("SELECT home FROM b.named_today", 2),
        ("SELECT home FROM b.named_today UNION ALL SELECT home FROM b.teams UNION ALL SELECT 'x' FROM b.log", 3),
        (f"SELECT home FROM b.since({DAY})", 1),
        ("WITH games AS (SELECT 1 AS n) SELECT n FROM games", 0),
        ("SELECT n FROM b.log WHERE n IN (SELECT 1 FROM b.named)", 3),
        ("INSERT INTO b.log VALUES (3)", 0),
        ("INSERT INTO b.log SELECT 1 FROM b.games WHERE FALSE", 1),
        ("DELETE FROM b.log WHERE n = 17", 1),
        ("UPDATE b.log SET n = 4 WHERE n IN (SELECT 99 FROM b.teams)", 2),
        ("BEGIN TRANSACTION; DELETE FROM b.log WHERE n = 3; INSERT INTO b.log SELECT 3 FROM b.named; COMMIT", 3),
        ("IF EXISTS (SELECT 1 FROM b.log) THEN SELECT n FROM b.log; END IF", 2),
    ],
)  # fmt: skip
def test_each_table_that_is_read_after_views_are_expanded_is_billed_once_a_statement(
    client: bigquery.Client, sql: str, tables: int
) -> None:
    assert billed_tables(client, sql) == tables


def test_a_script_is_the_sum_of_its_statements(client: bigquery.Client) -> None:
    client.query("SELECT n FROM b.log; SELECT home FROM b.named", job_id="sum", job_retry=None).result()
    parts = [job.total_bytes_billed for job in client.list_jobs(parent_job="sum")]
    assert sorted(parts) == [10 * MIB, 20 * MIB]
    assert client.get_job("sum").total_bytes_billed == 30 * MIB


def test_a_view_that_changes_is_billed_as_it_is_now(client: bigquery.Client) -> None:
    client.query("CREATE VIEW b.moving AS SELECT n FROM b.log").result()
    assert billed_tables(client, "SELECT n FROM b.moving") == 1
    client.query("CREATE OR REPLACE VIEW b.moving AS SELECT l.n FROM b.log AS l CROSS JOIN b.teams AS t").result()
    assert billed_tables(client, "SELECT n FROM b.moving") == 2


def test_usage_has_the_labels_and_an_error_costs_nothing(client: bigquery.Client, usage: Path) -> None:
    labels = {"cause": "reconcile-local", "function": "reconcile"}
    config = bigquery.QueryJobConfig(labels=labels)
    client.query("SELECT home FROM b.named", job_config=config).result()
    with pytest.raises(BadRequest):
        client.query("SELECT ERROR('no') FROM b.log", job_config=config).result()
    lines = [used for used in read_usage(usage / "log", 0, float("inf")) if used.cause == "reconcile-local"]
    assert [used.amounts["bigquery_references"] for used in lines] == [2, 0]
    assert [used.amounts["bigquery_billed_bytes"] for used in lines] == [20 * MIB, 0]
    assert {used.function for used in lines} == {"reconcile"}


DAYS, ROWS = 5, 1_000_000  # 16 bytes a row: 16 MB, so 16 MiB when rounded up
LARGE = f"""
CREATE TABLE b.large (day DATE, n INT64, note STRING) PARTITION BY day;
CREATE VIEW b.newest AS SELECT l.day, l.n FROM b.large AS l
  QUALIFY ROW_NUMBER() OVER (PARTITION BY l.day, l.n ORDER BY l.note) = 1;
CREATE VIEW b.ranked AS SELECT l.day, l.n, RANK() OVER (ORDER BY l.n) AS place FROM b.large AS l;
INSERT INTO b.large SELECT DATE_ADD({DAY}, INTERVAL MOD(n, {DAYS}) DAY), n, NULL
  FROM UNNEST(GENERATE_ARRAY(1, {ROWS})) AS n
"""


def test_a_large_table_is_billed_by_the_partitions_that_a_constant_filter_leaves(client: bigquery.Client) -> None:
    for statement in LARGE.split(";"):
        client.query(statement).result()
    time.sleep(ROWS_KEPT_S)
    parameters = [bigquery.ScalarQueryParameter("day", "DATE", "2025-01-02")]

    def billed(sql: str) -> int:
        job = client.query(sql, job_config=bigquery.QueryJobConfig(query_parameters=parameters))
        job.result()
        return int(job.total_bytes_billed // MIB)

    assert billed("SELECT COUNT(l.n) FROM b.large AS l WHERE l.day >= DATE '2020-01-01'") == 16
    assert billed("SELECT COUNT(l.n) FROM b.large AS l WHERE l.day = @day") == 10
    assert (
        billed("SELECT COUNT(l.n) FROM b.large AS l WHERE l.day BETWEEN @day AND DATE_ADD(@day, INTERVAL 3 DAY)") == 13
    )
    assert billed("SELECT COUNT(l.n) FROM b.large AS l WHERE l.day = (SELECT @day)") == 16
    assert billed("SELECT SUM(v.n) FROM b.newest AS v WHERE v.day = @day") == 10
    assert billed("SELECT SUM(v.place) FROM b.ranked AS v WHERE v.day = @day") == 16
    assert billed("SELECT * FROM b.large AS l LIMIT 1") == 41


def test_more_than_the_minimum_is_billed_by_the_mebibyte() -> None:
    assert [billed_bytes(n) for n in (0, 10 * MIB, 10 * MIB + 1, 12 * MIB)] == [10 * MIB, 10 * MIB, 11 * MIB, 12 * MIB]
