"""What a statement does with which datasets: at least every use that BigQuery would check."""

import pytest

from tipoff_local.bigquery.statements import Definitions, UnknownStatement, Use, definition_references, uses_of

KNOWN = Definitions(
    # The warehouse has a dataset `local`, and the project of the local cloud is called tipoff-local.
    datasets=frozenset({"raw", "landing", "analytics", "local"}),
    views={
        ("raw", "v"): frozenset({("raw", "history")}),
        ("raw", "history"): frozenset({("landing", "t")}),
    },
    routines={("raw", "as_of"): frozenset({("raw", "history")}), ("raw", "open"): frozenset({("landing", "t")})},
)
RAW = {"read raw", "read raw via raw", "read landing via raw"}
CASES = {
    "SELECT 1": set(),
    "SELECT 'landing.t' -- landing.t\n# landing.t\n/* landing.t */": set(),
    "SELECT a.b FROM (SELECT 1 AS b) AS a": set(),
    "SELECT * FROM raw.plain": {"read raw"},
    "SELECT * FROM `p-1.raw.v`": RAW,
    "SELECT * FROM p-1.raw.v": RAW,
    "SELECT * FROM tipoff-local.raw.v": RAW,
    "SELECT * FROM `tipoff-local`.raw.v": RAW,
    "SELECT * FROM local.x": {"read local"},
    "SELECT * FROM `p-1`.raw.`v`": RAW,
    "SELECT * FROM raw.as_of(@x)": {"call raw", "read raw", "read landing via raw"},
    "SELECT * FROM raw.open(@x)": {"call raw", "read landing"},
    "INSERT INTO analytics.x (a) SELECT a FROM raw.plain": {"change analytics", "read raw"},
    "INSERT analytics.x (a) VALUES (1)": {"change analytics"},
    "DELETE FROM analytics.x WHERE TRUE": {"change analytics", "read analytics"},
    "DELETE analytics.x WHERE a IN (SELECT a FROM landing.t)": {"change analytics", "read analytics", "read landing"},
    "UPDATE analytics.x SET a = 1 WHERE TRUE": {"change analytics", "read analytics"},
    "TRUNCATE TABLE analytics.x": {"change analytics"},
    "MERGE INTO analytics.x AS t USING raw.plain AS s ON TRUE WHEN MATCHED THEN UPDATE SET a = s.a "
    "WHEN NOT MATCHED THEN INSERT (a) VALUES (1)": {"change analytics", "read analytics", "read raw"},
    "CREATE TEMP TABLE kept AS SELECT * FROM raw.plain; INSERT INTO kept SELECT 1; DROP TABLE kept": {"read raw"},
    "CREATE TABLE IF NOT EXISTS analytics.y (a INT64)": {"define analytics"},
    "CREATE OR REPLACE VIEW analytics.y AS SELECT * FROM landing.t": {"define analytics", "read landing"},
    "DROP TABLE IF EXISTS analytics.x": {"define analytics"},
    "IF TRUE THEN DELETE FROM analytics.x WHERE TRUE; END IF": {"change analytics", "read analytics"},
    "BEGIN TRANSACTION; DELETE FROM analytics.x WHERE TRUE; INSERT INTO analytics.x SELECT 1; COMMIT TRANSACTION": {
        "change analytics",
        "read analytics",
    },
}


def said(use: Use) -> str:
    return f"{use.action} {use.dataset}" + (f" via {use.via}" if use.via else "")


@pytest.mark.parametrize("text", CASES)
def test_uses(text: str) -> None:
    assert {said(use) for use in uses_of(text, KNOWN)} == CASES[text]


def test_a_name_without_a_dataset_may_be_a_table_of_the_default_dataset() -> None:
    assert {said(use) for use in uses_of("DELETE FROM x WHERE TRUE", KNOWN, "raw")} == {"read raw", "change raw"}


@pytest.mark.parametrize("text", ["EXECUTE IMMEDIATE 'SELECT 1'", "SELECT 1; CALL raw.f()"])
def test_a_text_that_is_known_only_when_it_runs_is_refused(text: str) -> None:
    with pytest.raises(UnknownStatement):
        uses_of(text, KNOWN)


def test_definitions_are_read_with_either_quotes() -> None:
    duckdb = 'SELECT a FROM "tipoff-local"."landing"."t" AS x, "tipoff-local".raw."v"'
    googlesql = "SELECT a FROM `tipoff-local.landing.t` AS x, tipoff-local.raw.`v`"
    expected = {("landing", "t"), ("raw", "v")}
    assert definition_references(duckdb, KNOWN.datasets) == expected
    assert definition_references(googlesql, KNOWN.datasets) == expected
