"""What decides whether a date is rebuilt: what its cutoff could see, statements and lead; never the clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast

import msgspec
import pytest
from tests.support.objects import Objects

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange
from tipoff.cloud.storage import ObjectStore
from tipoff.steps.rebuild.build import _is_changed
from tipoff.steps.rebuild.built import BuiltDate, BuiltTables
from tipoff.steps.rebuild.identity import (
    NOTHING,
    Inputs,
    PredictionsOfDate,
    ReadableDocuments,
    definition,
    derived_inputs,
    identity,
    is_context,
    leaf_inputs,
)
from tipoff.tables import Table

DAY = date(2025, 1, 15)
NOON = datetime(2025, 1, 15, 17, tzinfo=UTC)
CONTEXT, FACTS, GRADES = (
    tables.get(name) for name in ("upcoming_player_game_context", "player_game_summary_history", "prediction_accuracy")
)
DERIVED = [table for table in tables.all_tables() if table.kind == "derived"]


def inputs(**changed: ReadableDocuments) -> Inputs:
    """One document of each landing table, observed before the games, and what a test changes."""
    found = {
        table.name: ReadableDocuments(DAY, 6, table.name, 10, NOON, 1, 5, 5, 5)
        for table in tables.all_tables()
        if table.kind == "landing"
    }
    return Inputs({(DAY, name): row for name, row in (found | changed).items()}, {DAY: 6}, {})


def of(table: Table, read: Inputs, lead_minutes: int = 30, **built: str) -> str:
    return identity(table, DAY, lead_minutes, read, {name: {DAY: value} for name, value in built.items()})


def changed(name: str, **fields: int) -> Inputs:
    before = inputs().documents[DAY, name]
    return inputs(**{name: msgspec.structs.replace(before, **fields)})


@pytest.mark.parametrize("table", DERIVED, ids=[table.name for table in DERIVED])
def test_each_document_that_a_table_can_read_changes_its_identity(table: Table) -> None:
    for leaf in leaf_inputs(table):
        seen = {"before_cutoff": 9} if is_context(table) else {"of_date": 9, "of_date_before_tipoff": 9}
        assert of(table, changed(leaf, **seen)) != of(table, inputs()), leaf
    others = {t.name for t in tables.all_tables() if t.kind == "landing"} - leaf_inputs(table)
    for other in others:
        assert of(table, changed(other, before_cutoff=9, of_date=9)) == of(table, inputs()), other


def test_what_comes_after_the_cutoff_changes_no_context_and_a_late_schedule_no_fact() -> None:
    for leaf in leaf_inputs(CONTEXT):
        assert of(CONTEXT, changed(leaf, of_date=9, row_count=20, documents_of_date=2)) == of(CONTEXT, inputs())
    assert of(FACTS, changed("nbac_schedule", of_date=9)) == of(FACTS, inputs())
    only = {"of_date_before_tipoff": 0}
    assert of(FACTS, changed("nbac_schedule", of_date=9, **only)) != of(FACTS, changed("nbac_schedule", **only))


def test_the_lead_counts_where_there_is_a_cutoff() -> None:
    assert of(CONTEXT, inputs(), lead_minutes=5) != of(CONTEXT, inputs())
    assert of(FACTS, inputs(), lead_minutes=5) == of(FACTS, inputs())


def test_a_table_without_games_or_without_its_first_document_holds_nothing() -> None:
    assert of(CONTEXT, replace(inputs(), games={DAY: 0})) == NOTHING
    for leaf in FACTS.spec.rows_from:
        assert of(FACTS, changed(leaf, documents_of_date=0)) == NOTHING


def test_new_predictions_are_graded() -> None:
    first, second = (replace(inputs(), predictions={DAY: PredictionsOfDate(DAY, 9, NOON, seen)}) for seen in (1, 2))
    assert of(GRADES, first) != of(GRADES, second)
    assert of(FACTS, first) == of(FACTS, second)


def test_a_table_is_rebuilt_when_what_it_reads_was() -> None:
    """Facts of earlier dates, and contexts of the same date; the facts of the date itself are no context's input."""
    for read in derived_inputs(CONTEXT):
        day = DAY if is_context(read) else DAY - timedelta(days=3)
        before, after = ({read.full_name: {day: value}} for value in ("a", "b"))
        assert identity(CONTEXT, DAY, 30, inputs(), before) != identity(CONTEXT, DAY, 30, inputs(), after), read.name
    same_day = {FACTS.full_name: {DAY: "a"}}
    assert identity(CONTEXT, DAY, 30, inputs(), same_day) == identity(CONTEXT, DAY, 30, inputs(), {})


def test_the_statement_of_a_view_far_upstream_is_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = definition(CONTEXT)
    definition.cache_clear()
    view = tables.get("nbac_injury_report_history")
    read_text = type(view.folder).read_text
    monkeypatch.setattr(
        type(view.folder),
        "read_text",
        lambda path, **how: read_text(path, **how) + (" " if path.parent == view.folder else ""),
    )
    assert definition(CONTEXT) != before
    definition.cache_clear()


def test_every_table_of_facts_names_what_its_rows_come_from() -> None:
    for table in DERIVED:
        assert is_context(table) != bool(table.spec.rows_from), table.full_name
        assert set(table.spec.rows_from) <= leaf_inputs(table)


def test_rows_with_a_later_cutoff_are_built_again_for_an_earlier_one() -> None:
    over = BuildRange(DAY, DAY, NOON, 30)
    same = BuiltDate("x", NOON)
    later = BuiltDate("x", NOON + timedelta(hours=2))
    assert not _is_changed(CONTEXT, "x", same, over)
    assert _is_changed(CONTEXT, "x", later, over)
    assert not _is_changed(FACTS, "x", later, over)
    assert _is_changed(CONTEXT, "x", None, over) and not _is_changed(CONTEXT, NOTHING, None, over)
    assert _is_changed(CONTEXT, NOTHING, same, over), "its games were moved: its rows must go"


def test_a_rebuild_that_another_one_has_overtaken_records_nothing() -> None:
    built = BuiltTables(cast("ObjectStore", Objects()), "state")
    done = {DAY: BuiltDate("old", NOON, 3, "first")}
    built.begin(FACTS, [DAY], NOON, "first")
    assert built.read(FACTS)[DAY].identity == ""
    built.begin(FACTS, [DAY], NOON, "second")
    built.end(FACTS, done)
    assert built.read(FACTS)[DAY] == BuiltDate("", NOON, 0, "second")
    built.end(FACTS, {DAY: BuiltDate("new", NOON, 4, "second")})
    assert built.read(FACTS)[DAY].identity == "new"


def test_two_rebuilds_of_different_dates_keep_each_others_record() -> None:
    objects = Objects()
    built = BuiltTables(cast("ObjectStore", objects), "state")
    next_day = DAY + timedelta(days=1)
    objects.meanwhile = [lambda: built.begin(FACTS, [next_day], NOON, "b")]
    built.begin(FACTS, [DAY], NOON, "a")
    assert set(built.read(FACTS)) == {DAY, next_day}
