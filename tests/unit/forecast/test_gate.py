"""The gate promotes what is not worse, on rows that neither model has read."""

from datetime import date

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.gate import judge, judged_rows
from tipoff.forecast.shape import Shape
from tipoff.forecast.training import TrainingTable

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
