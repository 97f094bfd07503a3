"""The walk: bundles know only earlier dates, parallel weeks give the same bytes, reports count everything."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tipoff.forecast.recommend import Policy
from tipoff.forecast.report import NO_EDGE, Report, evaluate
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.walk_forward import Block, Walk, walk

WEEKS = 2


@pytest.fixture(scope="module")
def tested(table: TrainingTable) -> np.ndarray:
    last = int(table.dates.max())
    return table.dates > last - 7 * WEEKS


@pytest.fixture(scope="module")
def walked(table: TrainingTable, tested: np.ndarray) -> Walk:
    return walk(table, tested)


@pytest.fixture(scope="module")
def report(walked: Walk) -> Report:
    return evaluate(walked, 0.49, Policy(), {})


def test_every_row_is_predicted_by_a_bundle_of_earlier_dates(walked: Walk, tested: np.ndarray) -> None:
    assert len(walked.rows) == tested.sum()
    assert (walked.trained_before <= walked.rows.dates).all()  # docs/pitfalls.md#32
    assert len(walked.digests) == WEEKS
    assert walked.systems["ensemble"].has_forecast.all()


def test_weeks_in_any_order_give_the_same_forecasts(table: TrainingTable, tested: np.ndarray, walked: Walk) -> None:
    def backwards(run: Callable[[int], Block], starts: list[int]) -> Iterable[Block]:
        return reversed([run(start) for start in reversed(starts)])

    again = walk(table, tested, backwards)
    assert again.digests == walked.digests
    assert all((again.systems[name].pmf == f.pmf).all() for name, f in walked.systems.items())


def test_what_happens_in_a_week_does_not_move_its_own_forecasts(
    table: TrainingTable, tested: np.ndarray, walked: Walk
) -> None:
    points = np.where(table.dates >= walked.rows.dates.max() - 2, table.points + 30, table.points)
    again = walk(replace(table, points=points), tested)
    assert all((again.systems[name].pmf == f.pmf).all() for name, f in walked.systems.items())  # docs/pitfalls.md#23


def test_the_report_counts_every_slate_row_and_names_its_rows(report: Report, walked: Walk) -> None:
    assert report.appeared + report.voids == report.slate_rows == len(walked.rows)
    for system in report.systems:
        for scores in system.scores:
            assert scores.mae.low <= scores.mae.value <= scores.mae.high
            assert len(scores.digest) == 12
            lined = scores.rows != "all" or system.system_id == "market_aware"
            assert (scores.line_mae is not None) == lined
    assert report.verdict == NO_EDGE
    picks = report.systems[0].picks
    assert picks.bets == picks.wins + picks.losses + picks.pushes + picks.voids


def test_the_report_is_json_and_the_same_twice(report: Report, walked: Walk) -> None:
    assert msgspec.json.encode(report) == msgspec.json.encode(evaluate(walked, 0.49, Policy(), {}))


def test_learned_systems_beat_the_last_ten_games_and_are_calibrated(report: Report) -> None:
    by_id = {system.system_id: system for system in report.systems}
    assert by_id["ensemble"].minus_last_10_mae.value < 0
    assert 0.72 < by_id["ensemble"].scores[0].pit_80 < 0.88
