"""The gate promotes what is not worse, on rows that neither model has read."""

from datetime import date

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.gate import judge, judged_rows, refused_by, wires
from tipoff.forecast.shape import Shape
from tipoff.forecast.training import TrainingTable, fit_bundle, training_start

CUTOFF = date(2025, 1, 1)


def test_the_same_model_is_not_worse_and_a_spoiled_one_is(table: TrainingTable, bundle: ModelBundle) -> None:
    rows = judged_rows(table, CUTOFF, date(2026, 1, 1))
    same = judge(rows, bundle, bundle)
    assert (same.promoted, same.reason) == (True, "not_worse")
    assert same.judged is not None
    assert same.judged.minus_incumbent is not None
    assert same.judged.minus_incumbent.value == 0.0

    spoiled = bundle.with_parts({"shape:ensemble": Shape(linear=60.0)})  # far too wide
    assert judge(rows, spoiled, bundle).reason == "worse_than_incumbent"
    assert judge(rows, bundle, spoiled).promoted


def test_without_an_incumbent_or_enough_rows_there_is_nothing_to_be_worse_than(
    table: TrainingTable, bundle: ModelBundle
) -> None:
    rows = judged_rows(table, CUTOFF, date(2026, 1, 1))
    assert judge(rows, bundle, None).reason == "no_incumbent"
    few = rows.take(rows.dates < rows.dates[50])
    assert judge(few, bundle, bundle).reason == "too_few_rows_to_judge"


def test_only_appearances_between_the_dates_are_judged(table: TrainingTable) -> None:
    rows = judged_rows(table, date(2024, 12, 1), CUTOFF)
    assert rows.appeared.all()
    assert date.fromordinal(int(rows.dates.min())) >= date(2024, 12, 1)
    assert date.fromordinal(int(rows.dates.max())) < CUTOFF


def test_a_tripwire_refuses_the_model_by_name(table: TrainingTable, bundle: ModelBundle) -> None:
    """An average that holds the game itself, as a window that ends with `<=` would: docs/pitfalls.md#23."""
    leaking = table.take(table.dates > 0)
    for name in ("points_avg_last_5", "points_avg_last_10"):
        leaking.features[:, leaking.names.index(name)] = leaking.points
    leaking.features[:, leaking.names.index("minutes_avg_last_10")] = 30.0
    rows = judged_rows(table, CUTOFF, date(2026, 1, 1))
    passed = judge(rows, bundle, None)
    refused = refused_by(wires(leaking, rows, bundle), passed)
    assert (refused.promoted, refused.judged) == (False, passed.judged)
    assert refused.reason.startswith("tripwire:correlation_points_avg_last_5,correlation_points_avg_last_10")
    seen = judged_rows(table, date(2024, 12, 1), CUTOFF)  # the model was trained on these rows
    assert "cutoff" in [wire.name for wire in wires(table, seen, bundle) if wire.fired]


def test_the_training_window_has_one_definition(table: TrainingTable) -> None:
    """Production reads from it on and a backtest takes its seasons from it; what lies before it changes no byte."""
    assert training_start(date(2024, 12, 1)) == training_start(date(2025, 6, 30)) == date(2021, 10, 1)
    assert training_start(date(2025, 7, 1)) == date(2022, 10, 1)
    late = date(2026, 10, 20)  # the first season of the table lies before its window
    inside = table.take(table.dates >= training_start(late).toordinal())
    assert len(inside) < len(table)
    assert fit_bundle(table, late).digest == fit_bundle(inside, late).digest
