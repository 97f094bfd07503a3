"""A query finds every row acknowledged before it; rows of tables that no query reads stay in the buffer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from google.cloud import bigquery
from tests.local_cloud.bigquery.test_buffer import COUNTS, PROJECT, append, official_client, read_by_storage

from tipoff_local.bigquery import Warehouse
from tipoff_local.bigquery import buffer as streaming_buffer
from tipoff_local.bigquery.references import _with_definitions

OTHERS = replace(COUNTS, name="others")
SCHEMA = """
CREATE SCHEMA log;
CREATE TABLE log.counts (n INT64, said STRING);
CREATE TABLE log.others (n INT64, said STRING);
CREATE VIEW log.seen AS SELECT n FROM log.counts;
CREATE VIEW log.seen_again AS SELECT n FROM log.seen;
CREATE TABLE FUNCTION log.up_to(high INT64) AS SELECT n FROM log.seen_again WHERE n <= high;
CREATE TABLE FUNCTION log.like_counts(high INT64) AS SELECT n FROM `log.coun*` WHERE n <= high
"""


@dataclass(frozen=True)
class Waiting:
    """A warehouse with two tables. Row 1 is in each table, row 2 is in the buffer."""

    warehouse: Warehouse
    folder: Path

    @property
    def tables(self) -> int:
        """How many tables have rows in the buffer."""
        return len(list(self.folder.glob("*/*")))

    def ask(self, sql: str, config: bigquery.QueryJobConfig | None = None) -> list[int]:
        return [row.n for row in official_client(self.warehouse).query_and_wait(sql, job_config=config)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waiting]:
    home = tmp_path_factory.mktemp("warehouse")
    warehouse = Warehouse(home, PROJECT)
    warehouse.start()
    for statement in SCHEMA.split(";"):
        official_client(warehouse).query_and_wait(statement)
    yield Waiting(warehouse, home / "data" / streaming_buffer.FOLDER)
    warehouse.stop()


@pytest.fixture
def waiting(kept: Waiting) -> Waiting:
    for table in (COUNTS, OTHERS):
        kept.ask(f"TRUNCATE TABLE log.{table.name}")
        append(kept.warehouse, 1, table=table)
    kept.ask("SELECT c.n FROM log.counts AS c CROSS JOIN log.others AS o")
    for table in (COUNTS, OTHERS):
        append(kept.warehouse, 2, table=table)
    assert kept.tables == 2
    return kept


@pytest.mark.parametrize(
    "source", ["log.counts", "log.seen", "log.seen_again", "log.up_to(9)", f"`{PROJECT}`.log.seen"]
)
def test_a_query_flushes_the_tables_that_it_reads_by_any_name(waiting: Waiting, source: str) -> None:
    assert waiting.ask(f"SELECT n FROM {source} ORDER BY n") == [1, 2]
    assert waiting.tables == 1


def test_a_read_session_flushes_its_table_only(waiting: Waiting) -> None:
    assert read_by_storage(waiting.warehouse) == [1, 2]
    assert waiting.tables == 1


@pytest.mark.parametrize(
    "sql",
    [
        "EXECUTE IMMEDIATE CONCAT('SELECT n FROM log.', 'counts ORDER BY n')",
        "SELECT n FROM `log.coun*` ORDER BY n",
        "SELECT n FROM log.like_counts(9) ORDER BY n",
        "SELECT n FROM log.counts WHERE 'log' IN (SELECT table_schema FROM log.INFORMATION_SCHEMA.TABLES) ORDER BY n",
    ],
)
def test_a_query_that_does_not_name_its_tables_flushes_every_table(waiting: Waiting, sql: str) -> None:
    assert waiting.ask(sql) == [1, 2]
    assert waiting.tables == 0


def test_a_table_is_flushed_before_it_is_replaced_or_changed(waiting: Waiting) -> None:
    """Otherwise the buffered row would appear after it was overwritten or deleted."""
    destination = bigquery.TableReference.from_string(f"{PROJECT}.log.others")
    config = bigquery.QueryJobConfig(destination=destination, write_disposition="WRITE_TRUNCATE")
    waiting.ask("SELECT 7 AS n, 'after' AS said", config)
    waiting.ask("DELETE FROM log.counts WHERE n = 2")
    assert waiting.ask("SELECT n FROM log.others UNION ALL SELECT n FROM log.counts ORDER BY n") == [1, 7]


def test_a_copy_includes_buffered_rows(waiting: Waiting) -> None:
    official_client(waiting.warehouse).copy_table(f"{PROJECT}.log.counts", f"{PROJECT}.log.copied").result()
    assert waiting.ask("SELECT n FROM log.copied ORDER BY n") == [1, 2]


def test_names_are_followed_through_definitions_to_tables() -> None:
    definitions = {
        frozenset({"outer"}): frozenset({"inner", "x"}),
        frozenset({"inner"}): frozenset({"table"}),
        frozenset({"two", "words"}): frozenset({"beyond"}),
    }
    assert _with_definitions({"outer"}, definitions) == {"outer", "inner", "x", "table"}
    assert _with_definitions({"two", "words"}, definitions) >= {"beyond"}
    assert _with_definitions({"two"}, definitions) == {"two"}
