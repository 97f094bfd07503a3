"""Only a system that has shown calibration beside the market on past rows may recommend."""

from datetime import date

import numpy as np
import pytest

from tipoff.forecast.recommenders import PART, PastOdds, Recommenders, Rule, judge
from tipoff.forecast.systems.registry import REGISTRY
from tipoff.forecast.training import TrainingTable, fit_bundle

ROWS = 6000


def past(skill: float, stretch: float, rows: int = ROWS, dates: int = 100) -> PastOdds:
    """Rows whose true probability the market knows in part. `skill`: how much of the rest the system knows."""
    generator = np.random.Generator(np.random.PCG64(5))
    known, rest = generator.normal(0.0, 0.2, rows), generator.normal(0.0, 0.4, rows)

    def prob(log_odds: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
        return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))

    over = (generator.random(rows) < prob(known + rest)).astype(np.float64)
    return PastOdds(prob(stretch * (known + skill * rest)), prob(known), over, np.arange(rows) % dates)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (past(skill=1.0, stretch=1.0), "shown"),
        (past(skill=1.0, stretch=3.0), "not_calibrated"),
        (past(skill=-0.0, stretch=0.0), "worse_than_the_market"),
        (past(skill=1.0, stretch=1.0, rows=1999), "too_few_past_rows"),
        (past(skill=1.0, stretch=1.0, dates=59), "too_few_past_rows"),
    ],
)
def test_the_rule_on_what_a_system_has_shown(said: PastOdds, reason: str) -> None:
    shown = judge(said, Rule())
    assert (shown.reason, shown.may_recommend) == (reason, reason == "shown")


def test_a_system_without_a_verdict_may_not_recommend() -> None:
    assert not Recommenders().may_recommend("ensemble")


def test_training_judges_every_system_on_halves_that_are_over(table: TrainingTable) -> None:
    """A later result changes no verdict of an earlier date, and each row was judged by what came before it."""
    before = date(2024, 12, 1)
    verdicts = fit_bundle(table, before).part(PART, Recommenders)
    assert set(verdicts.systems) == set(REGISTRY)
    assert all(shown.rows > 0 for shown in verdicts.systems.values())
    changed = table.take(np.ones(len(table), dtype=bool))
    changed.points[changed.dates >= date(2024, 10, 1).toordinal()] += 7.0
    assert fit_bundle(changed, before).part(PART, Recommenders) == verdicts
