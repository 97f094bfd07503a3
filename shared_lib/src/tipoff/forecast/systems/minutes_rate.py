"""`minutes_rate`: minutes times points per minute, from two boosted models.

Teammates who are out affect the minutes; skill and opponent affect the rate. It was the best single system on 2023-24.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast import boosting
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats
from tipoff.forecast.features import GROUP_NAMES
from tipoff.forecast.systems.gradient_boosted import grouped
from tipoff.forecast.systems.system import Estimate, ForecastInput, TrainingInput, matrix

MINUTES = boosting.Recipe("regression", rounds=250, num_leaves=24, min_rows_per_leaf=100)
RATE = boosting.Recipe("regression", rounds=125, num_leaves=12, min_rows_per_leaf=300)
MIN_MINUTES = 0.5
EFFECTS = (
    "league level",
    *(f"minutes: {name}" for name in GROUP_NAMES),
    *(f"scoring rate: {name}" for name in GROUP_NAMES),
)


class MinutesRateParams(msgspec.Struct, frozen=True):
    """Two LightGBM model texts: minutes, and points per minute. Empty means untrained."""

    minutes_model: str = ""
    rate_model: str = ""


def expected_minutes(columns: Columns, bundle: ModelBundle) -> Floats | None:
    """Minutes of each row on the condition that the player appears, shape (rows,); None without a trained model."""
    if not bundle.holds("minutes_rate"):
        return None
    params = bundle.part("minutes_rate", MinutesRateParams)
    return np.clip(boosting.predict(params.minutes_model, matrix(columns)), MIN_MINUTES, 48.0)


@dataclass(frozen=True, slots=True)
class MinutesRate:
    """The model of minutes and scoring rate."""

    system_id: str = "minutes_rate"
    needs: tuple[str, ...] = ()
    shape_id: str = "minutes_rate"

    def fit(self, training: TrainingInput) -> MinutesRateParams:
        """Minutes by squared loss; points per minute by squared loss weighted with the minutes."""
        played = np.maximum(training.minutes, MIN_MINUTES)
        return MinutesRateParams(
            boosting.train(MINUTES, training.binned, training.minutes),
            boosting.train(RATE, training.binned, training.points / np.maximum(training.minutes, 1.0), played),
        )

    def ready(self, bundle: ModelBundle) -> bool:
        """Only when trained."""
        return bundle.holds(self.system_id)

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """Minutes times points per minute, with the effects of both factors if `explain` is set."""
        params = inputs.bundle.part(self.system_id, MinutesRateParams)
        features = matrix(inputs.columns)
        minutes = np.clip(boosting.predict(params.minutes_model, features), MIN_MINUTES, 48.0)
        rate = np.maximum(boosting.predict(params.rate_model, features), 0.02)
        has_forecast = np.ones(len(minutes), dtype=bool)
        if not inputs.explain:
            return Estimate(has_forecast, minutes * rate)
        by_minutes = grouped(boosting.contributions(params.minutes_model, features))
        by_rate = grouped(boosting.contributions(params.rate_model, features))
        base_minutes, base_rate = by_minutes[:, :1], by_rate[:, :1]
        # minutes' effects at the usual rate, the rate's effects at tonight's minutes: the sum is the mean
        effects = (base_minutes * base_rate, by_minutes[:, 1:] * base_rate, by_rate[:, 1:] * minutes[:, None])
        return Estimate(has_forecast, minutes * rate, EFFECTS, np.column_stack(effects))
