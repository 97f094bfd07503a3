"""Order and identity of rebuilds: inputs first, independent tables together, nothing twice for nothing."""

from datetime import UTC, date, datetime

import pytest

from tipoff import tables
from tipoff.cloud.bigquery import BuildRange
from tipoff.steps.rebuild.build import Failed, PlannedStep, waves
from tipoff.steps.rebuild.identity import Inputs, leaf_inputs, upstream
from tipoff.steps.rebuild.process import owned, select

DAY = date(2025, 1, 15)
OVER = BuildRange(DAY, DAY, datetime(2025, 1, 15, 17, tzinfo=UTC), 30)


def planned(names: tuple[str, ...]) -> list[PlannedStep]:
    return [PlannedStep(tables.get(name), OVER, {DAY: name}, (DAY,), {}, Inputs({}, {}, {})) for name in names]


def test_a_wave_reads_only_what_earlier_waves_build() -> None:
    """A backfill out of phase order left NULL rows downstream for months (docs/pitfalls.md#45)."""
    steps = planned(tuple(table.name for table in (*owned("analyze"), *owned("precompute"))))
    built: set[str] = set()
    for wave in waves(steps):
        wanted = {step.table.full_name for step in steps}
        for step in wave:
            assert upstream(step.table) & wanted <= built
        built |= {step.table.full_name for step in wave}
    assert built == {step.table.full_name for step in steps}


def test_independent_tables_share_a_wave() -> None:
    assert len(waves(planned(tuple(table.name for table in owned("precompute"))))) < len(owned("precompute"))


def test_every_derived_table_rests_on_landing_tables_in_the_end() -> None:
    for table in tables.all_tables():
        if table.kind == "derived":
            assert leaf_inputs(table), table.full_name


def test_a_processor_brings_the_helper_tables_it_needs() -> None:
    """The original's names select views and tables; what they read of the same function is built first."""
    chosen = select("analyze", ["UpcomingPlayerGameContextProcessor"])
    names = [table.name for table in chosen]
    assert "upcoming_player_game_context" in names and "slate" in names
    assert names.index("slate") < names.index("upcoming_player_game_context")
    assert set(chosen) <= set(owned("analyze"))


def test_results_have_the_original_processor_names() -> None:
    from tipoff.steps.rebuild.process import _processors

    assert _processors()["player_game_summary_history"] == ("PlayerGameSummaryProcessor",)
    assert set(_processors()["team_game_history"]) == {
        "TeamDefenseGameSummaryProcessor",
        "TeamOffenseGameSummaryProcessor",
    }
    assert _processors()["ml_feature_store_v2"] == ("MLFeatureStoreProcessor",)


@pytest.mark.parametrize("retryable", [True, False])
def test_a_dependant_may_be_retried_if_its_cause_may_be(retryable: bool) -> None:
    """A retryable failure upstream was answered 500, which Workflows does not retry."""
    slate, context = tables.get("slate"), tables.get("upcoming_player_game_context")
    failed = Failed()
    failed.retryable[slate.full_name] = retryable
    failed.add_dependants([context])
    assert failed.retryable[context.full_name] is retryable


def test_a_dependant_of_a_permanent_failure_is_not_retried() -> None:
    context = tables.get("upcoming_player_game_context")
    above = sorted(upstream(context))
    failed = Failed()
    failed.retryable |= {above[0]: True, above[-1]: False}
    failed.add_dependants([context])
    assert failed.retryable[context.full_name] is False
