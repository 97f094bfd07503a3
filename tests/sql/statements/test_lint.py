"""Every SQL file is accepted by the GoogleSQL analyzer, gives the columns its folder states, and adds no floats.

Prevents docs/pitfalls.md#6 (SQL against columns that do not exist), #20 (other readers of the raw quotes).
Each statement is analysed against its declared inputs only, so a `table.yaml` that hides an input fails too.
Statements of steps and of the operator's commands stand under the same lint; one file, for the analyzer starts slowly.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sql.statements.googlesql import (
    PARAMETERS,
    accept,
    analyzer,
    catalog,
    column_type,
    language,
    output_columns,
    simple_type,
    type_name,
)
from tests.sql.statements.operator_meaning import meaning_is_kept
from tests.sql.statements.product_sql import product_sql, sql_in_tests
from zetasql.api import Analyzer, TypeFactory
from zetasql.types import AnalyzerOptions

from tipoff.tables import Table, all_tables
from tipoff.tables.rebuild import query_text
from tipoff_local.bigquery.patches.operators import UpstreamGenerator
from tipoff_ops.column_contracts.figures import measure_query
from tipoff_ops.column_contracts.rules import contracted_tables

FILES = {"view": "view.sql", "table_function": "function.sql", "derived": "query.sql"}
TABLES = [table for table in all_tables() if table.kind in FILES]
FLOAT_AGGREGATES = {
    "$sum",
    "sum",
    "avg",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "var_samp",
    "variance",
    "corr",
    "covar_samp",
}

# Texts of steps and commands; those of table folders are analysed against the inputs that they declare.
QUERIES = {
    place: sql for place, sql in product_sql().items() if "/tables/" not in place and "INFORMATION_SCHEMA" not in sql
}
# Types of parameters beside those of every rebuild; a new name is one line here.
KINDS = {
    "around_days": "INT64",
    "game_date": "DATE",
    "since_date": "DATE",
    "code": "STRING",
    "source_object": "STRING",
    "level": "STRING",
    "step": "STRING",
    "first_date": "DATE",
    "last_date": "DATE",
    "batch_id": "STRING",
    "digest": "STRING",
    "prefix": "STRING",
    "since": "TIMESTAMP",
    "now": "TIMESTAMP",
    "backfill_id": "STRING",
    "names": "ARRAY<STRING>",
    "player_lookup": "STRING",
    "player_ids": "ARRAY<INT64>",
    "object_names": "ARRAY<STRING>",
}


CHECK = re.compile(
    r"(--[^\n]*\n)*SELECT IF\(COUNT\(\*\) = 0, TRUE, ERROR\(('[a-z0-9_]+: [^']+'|STRING_AGG\([^()]+\))\)\) AS holds"
    r"\nFROM "
)


def inputs_of(table: Table) -> list[Table]:
    by_full_name = {each.full_name: each for each in all_tables()}
    return [by_full_name[name] for name in table.spec.inputs]


def statement(table: Table) -> str:
    sql = query_text(table) if table.kind == "derived" else table.sql(FILES[table.kind])
    for argument in table.spec.arguments:
        sql = re.sub(rf"\b{argument.name}\b", f"@{argument.name}", sql)
    return sql


def children(node: Any) -> Iterator[Any]:
    for name in getattr(node, "__dataclass_fields__", {}):
        value = getattr(node, name)
        yield from value if isinstance(value, list) else [value]


def float_aggregates(node: Any) -> Iterator[str]:
    """Names of aggregate calls over FLOAT64 whose result depends on the order of the rows."""
    kind = type(node).__name__
    if kind in ("ResolvedAggregateFunctionCall", "ResolvedAnalyticFunctionCall"):
        name = node.function.name.split(":")[-1].lower()
        takes = [type_name(each.type) for each in node.argument_list]
        if name in FLOAT_AGGREGATES and "DOUBLE" in takes:
            yield name
    for child in children(node):
        yield from float_aggregates(child)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name)
def test_statement_gives_exactly_the_columns_of_its_schema(table: Table) -> None:
    resolved = analyzer(inputs_of(table)).analyze_statement(statement(table))

    stated = [(column.name, type_name(column_type(column))) for column in table.columns]
    assert output_columns(resolved) == stated
    assert list(float_aggregates(resolved)) == []


@pytest.mark.parametrize(
    "table",
    [table for table in TABLES if table.kind == "derived" or (table.folder / "checks.sql").is_file()],
    ids=lambda table: table.full_name,
)
def test_every_derived_table_has_checks_that_name_their_code(table: Table) -> None:
    """Each raises in a column of its result: an error in a column that nobody reads is never computed."""
    checks = [each for each in table.sql("checks.sql").split(";\n") if each.strip()]
    known = analyzer([*inputs_of(table), table])

    assert len(checks) == 1, "a rebuild pays for each statement"
    for check in checks:
        accept(known, check)
        assert CHECK.match(check), check


@pytest.mark.parametrize("table", contracted_tables(), ids=lambda table: table.full_name)
def test_a_contract_is_measured_by_googlesql(table: Table) -> None:
    accept(analyzer([table]), measure_query(table))


FORBIDDEN: dict[str, Callable[[str], bool]] = {
    "UNNEST without an alias": lambda sql: bool(re.search(r"(?<!IN )UNNEST\([^()]*\)\s*(?!AS\b)[,)\n]", sql)),
    "WITH OFFSET of structs written in place": lambda sql: bool(
        re.search(r"UNNEST\(\[\s*STRUCT[^]]*\]\)\s*(AS \w+\s+)?WITH OFFSET", sql)
    ),
    "a partition decorator": lambda sql: bool(re.search(r"nba_\w+\.\w+\$", sql)),
    "the present instant": lambda sql: bool(re.search(r"\bCURRENT_(TIMESTAMP|DATE)\b", sql)),
    "randomness": lambda sql: bool(re.search(r"\b(RAND|GENERATE_UUID)\(", sql)),
    "another meaning in the local warehouse": lambda sql: not meaning_is_kept(sql),
}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_no_statement_uses_what_differs_or_drifts(rule: str) -> None:
    assert [place for place, sql in (product_sql() | sql_in_tests()).items() if FORBIDDEN[rule](sql)] == []


def test_a_translation_that_loses_brackets_is_seen() -> None:
    """`a + b // c` for DIV(a + b, c) turned every median line into the highest one."""
    for sql in ("SELECT DIV(a + b, c) AS x", "SELECT DIV(COUNT(*) + 1, 2) AS x FROM t"):
        assert not meaning_is_kept(sql, UpstreamGenerator), sql
        assert meaning_is_kept(sql), sql
    assert meaning_is_kept("SELECT a - (b - c) AS x, MOD(a + 1, 2) AS y, NOT a = b AS z", UpstreamGenerator)
    assert meaning_is_kept("SELECT DIV(a, b) / c AS x", UpstreamGenerator)  # both are read from left to right


def test_the_lint_sees_a_planted_float_sum() -> None:
    table = next(each for each in TABLES if each.name == "player_game_summary")
    planted = f"SELECT SUM(usage_rate) AS s FROM {table.full_name}"

    assert list(float_aggregates(analyzer([table]).analyze_statement(planted))) == ["sum"]


def test_features_read_no_newest_row_view_of_quotes_or_reports() -> None:
    newest = {"nba_raw.odds_api_game_lines", "nba_raw.odds_api_player_props", "nba_raw.odds_api_player_points_props",
              "nba_raw.nbac_injury_report", "nba_analytics.player_game_summary"}  # fmt: skip
    derived = [table for table in TABLES if table.kind == "derived"]

    assert [table.full_name for table in derived if newest & set(table.spec.inputs)] == []


def lint(text: str) -> Analyzer:
    """An analyzer that knows the tables a query names: each table more is one more to tell it of at every query."""
    options = AnalyzerOptions(language_options=language())
    kinds = {**PARAMETERS, **KINDS}
    options.query_parameters = [
        AnalyzerOptions.QueryParameter(name=name, type=_type(kind)) for name, kind in kinds.items()
    ]
    return Analyzer(options, catalog=catalog(table for table in all_tables() if table.full_name in text))


def _type(kind: str):  # type: ignore[no-untyped-def]
    array = re.fullmatch(r"ARRAY<(\w+)>", kind)
    return TypeFactory.create_array_type(simple_type(array[1])) if array else simple_type(kind)


@pytest.mark.parametrize("place", QUERIES)
def test_the_analyzer_accepts_the_query(place: str) -> None:
    accept(lint(QUERIES[place]), QUERIES[place])


def test_a_column_that_does_not_exist_is_refused() -> None:
    guilty = "SELECT s.pointz FROM nba_analytics.player_game_summary AS s"
    with pytest.raises(Exception, match="pointz"):
        analyzer(all_tables()).analyze_statement(guilty)
    with pytest.raises(Exception, match="pointz"):
        accept(lint(guilty), guilty)
