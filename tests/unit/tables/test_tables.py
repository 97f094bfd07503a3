"""Folders become scripts, DDL and digests; a digest sees every byte that counts and none that does not."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.table_digest import canonical_line, digest_query, digest_rows

from tipoff.core.errors import ConfigInvalid
from tipoff.tables import all_tables, builds, get, lineage_order
from tipoff.tables.ddl import create_statement, create_statements
from tipoff.tables.rebuild import failed_check, rebuild_script

TABLE = get("system_daily_performance")


def test_a_rebuild_is_one_transaction() -> None:
    script = rebuild_script(TABLE)
    places = [script.index(word) for word in ("BEGIN TRANSACTION", "DELETE FROM", "INSERT INTO", "ERROR(", "COMMIT")]

    assert places == sorted(places)
    assert f"({', '.join(TABLE.column_names)})" in script


def test_only_the_text_of_a_check_is_a_failed_check() -> None:
    """BigQuery's own errors raised the tripwire of a leak."""
    context = get("player_recent_form")
    assert failed_check(context, "rebuild: 400 Query error: range: games in a week | sum: x at [7:1]") == "range"
    assert failed_check(context, "400 Int64 out of range: 9223372036854775808") is None
    assert failed_check(context, "400 Transaction is aborted due to concurrent update") is None


def test_views_and_logs_cannot_be_rebuilt() -> None:
    for name in ("player_game_summary", "player_prop_predictions_log"):
        with pytest.raises(ConfigInvalid, match="not_rebuildable"):
            rebuild_script(get(name))


def test_a_view_names_the_tables_that_must_be_built_for_it() -> None:
    assert [table.name for table in builds("team_defense_game_summary")] == ["team_game_history"]
    assert [table.name for table in builds("player_game_summary")] == ["player_game_summary_history"]
    assert builds("nbac_schedule") == ()


def test_datasets_come_first_and_inputs_before_their_readers() -> None:
    statements = create_statements()
    made = [statement for statement in statements if not statement.startswith("CREATE SCHEMA")]

    assert len(made) == len(lineage_order()) == len(all_tables())
    assert all(statement.startswith("CREATE SCHEMA") for statement in statements[: -len(made)])


def test_landing_tables_require_a_partition_filter_and_the_originals_tables_do_not() -> None:
    lax = {table.name for table in all_tables() if table.kind == "landing" and not table.spec.require_partition_filter}

    assert lax == {"nbac_schedule"}
    for name in ("player_prop_predictions_log", "player_daily_cache", "ml_feature_store_v2"):
        assert not get(name).spec.require_partition_filter


def test_nested_columns_are_written_out() -> None:
    assert "quantiles ARRAY<STRUCT<probability FLOAT64, points_pts FLOAT64>>" in create_statement(
        get("player_prop_predictions_log")
    )


ROW = {name: None for name in TABLE.column_names} | {"game_date": date(2025, 1, 15), "mae": 4.25, "graded_count": 3}


def test_a_digest_ignores_the_order_of_rows_and_columns() -> None:
    other = {**ROW, "system_id": "b"}

    assert digest_rows(TABLE, [ROW, other]) == digest_rows(TABLE, [dict(reversed(other.items())), ROW])


@pytest.mark.parametrize("change", [{"mae": 4.250000000000001}, {"graded_count": 4}, {"system_id": ""}])
def test_a_digest_sees_the_smallest_change(change: dict[str, object]) -> None:
    assert digest_rows(TABLE, [ROW]) != digest_rows(TABLE, [{**ROW, **change}])


def test_a_digest_leaves_out_what_the_folder_calls_volatile() -> None:
    log = get("player_prop_predictions_log")

    assert "created_at" not in digest_query(log)
    assert "predicted_points" in digest_query(log)


def test_equal_values_have_one_spelling() -> None:
    noon = datetime(2025, 1, 15, 12, tzinfo=UTC)
    same = noon.astimezone(timezone(timedelta(hours=-5)))

    assert canonical_line({"a": Decimal("1.50"), "b": noon}) == canonical_line({"b": same, "a": Decimal("1.5")})
    assert canonical_line({"a": -0.0}) == canonical_line({"a": 0.0})
    assert canonical_line({"a": 1}) != canonical_line({"a": "1"}) != canonical_line({"a": 1.0})


@given(st.lists(st.dictionaries(st.just("k"), st.floats() | st.integers() | st.text() | st.none()), max_size=5))
def test_every_value_has_a_canonical_line(rows: list[dict[str, object]]) -> None:
    assert sorted(map(canonical_line, rows)) == sorted(map(canonical_line, reversed(rows)))


def test_every_name_is_unique_and_every_column_is_described() -> None:
    served = [table.name for table in all_tables() if table.kind != "landing"]

    assert len(served) == len(set(served))
    assert [f"{t.full_name}.{c.name}" for t in all_tables() for c in t.columns if len(c.description) < 3] == []


def test_keys_scopes_partitions_and_clusters_are_columns() -> None:
    for table in all_tables():
        stated = {*table.spec.key, *table.spec.scope, *table.spec.cluster, *table.spec.volatile}
        stated |= {table.spec.partition} if table.spec.partition else set()
        assert not table.columns or stated <= set(table.column_names), (table.full_name, stated)
