"""Order and identity of rebuilds: inputs first, independent tables together, nothing twice for nothing."""

from tipoff import tables
from tipoff.steps.build import PlannedStep, leaf_inputs, upstream, waves
from tipoff.steps.process import owned, select


def planned(names: tuple[str, ...]) -> list[PlannedStep]:
    return [PlannedStep(tables.get(name), name, (), False) for name in names]


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
    from tipoff.steps.process import _processors

    assert _processors()["player_game_summary_history"] == ("PlayerGameSummaryProcessor",)
    assert set(_processors()["team_game_history"]) == {
        "TeamDefenseGameSummaryProcessor",
        "TeamOffenseGameSummaryProcessor",
    }
    assert _processors()["ml_feature_store_v2"] == ("MLFeatureStoreProcessor",)
