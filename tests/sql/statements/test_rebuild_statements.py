"""A rebuild uses only statements that BigQuery supports in a transaction, and its checks stop it.

The local warehouse takes any statement in a transaction, so the list is the one of the documentation:
https://docs.cloud.google.com/bigquery/docs/transactions ("Statements supported in transactions").
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import sqlglot
from google.api_core.exceptions import BadRequest
from local_bigquery.sql.script import parse_script
from sqlglot import exp
from tests.sql.small_warehouse import SmallWarehouse

from tipoff.tables import Table, all_tables, get
from tipoff.tables.rebuild import rebuild_script

SUPPORTED = (exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)
TEMPORARY = (exp.Create,)
DERIVED = [table for table in all_tables() if table.kind == "derived"]
DAY = date(2025, 1, 15)


def unsupported(script: str) -> list[str]:
    """What stands in a script that is not `BEGIN TRANSACTION; supported statements; COMMIT TRANSACTION`."""
    first, *inside, last = parse_script(script)
    assert (first.text, last.text) == ("BEGIN TRANSACTION", "COMMIT TRANSACTION")
    return [f"{each.kind} {each.text}" for each in inside if each.kind != "SQL" or not supported(each.text)]


def supported(statement: str) -> bool:
    tree = sqlglot.parse_one(statement, read="bigquery")
    temporary = isinstance(tree, TEMPORARY) and tree.find(exp.TemporaryProperty) is not None
    return temporary or isinstance(tree, SUPPORTED)


@pytest.mark.parametrize("table", DERIVED, ids=lambda table: table.name)
def test_a_rebuild_consists_of_statements_that_a_transaction_supports(table: Table) -> None:
    assert unsupported(rebuild_script(table)) == []


@pytest.mark.parametrize(
    "statement", ["ASSERT TRUE AS 'code: text'", "CREATE TABLE nba_raw.t (a INT64)", "DROP TABLE nba_raw.players"]
)
def test_other_statements_are_seen(statement: str) -> None:
    assert unsupported(f"BEGIN TRANSACTION; {statement}; COMMIT TRANSACTION;")


def test_temporary_tables_are_supported() -> None:
    assert unsupported("BEGIN TRANSACTION; CREATE TEMP TABLE t AS SELECT 1 AS a; COMMIT TRANSACTION;") == []


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWarehouse]:
    started = SmallWarehouse(tmp_path_factory.mktemp("checks"), [table.name for table in DERIVED])
    yield started
    started.stop()


def inverted(checks: str) -> str:
    """Checks that fail over empty tables, each with its own text (or `several`, where it joins the texts of rows)."""
    texts = "STRING_AGG(DISTINCT p.problem, ' | ' ORDER BY p.problem)"
    return checks.replace(texts, "'several: problems'").replace("COUNT(*) = 0, TRUE", "COUNT(*) = 1, TRUE")


@pytest.mark.parametrize("table", DERIVED, ids=lambda table: table.name)
def test_each_check_of_a_table_passes_or_stops_the_script(table: Table, warehouse: SmallWarehouse) -> None:
    for check in filter(str.strip, table.sql("checks.sql").split(";\n")):
        warehouse.run(check, start_date=DAY, end_date=DAY)
        [text] = re.findall(r"ERROR\('([^']*)'\)", inverted(check))
        with pytest.raises(BadRequest, match=re.escape(text)):
            warehouse.run(inverted(check), start_date=DAY, end_date=DAY)


def test_a_failed_check_leaves_the_table_as_it_was(warehouse: SmallWarehouse) -> None:
    table = get("team_recent_form")
    warehouse.put(table, {"game_date": DAY, "team_abbr": "BOS"})
    rebuilt = {"start_date": DAY, "end_date": DAY, "lead_minutes": 30, "as_of": datetime(2030, 1, 1, tzinfo=UTC)}
    kept = f"SELECT team_abbr FROM {table.full_name} WHERE game_date = @day"

    with pytest.raises(BadRequest, match="several: problems"):
        warehouse.run(inverted(rebuild_script(table)), **rebuilt)
    assert warehouse.run(kept, day=DAY) == [{"team_abbr": "BOS"}]
    warehouse.run(rebuild_script(table), **rebuilt)
    assert warehouse.run(kept, day=DAY) == []
