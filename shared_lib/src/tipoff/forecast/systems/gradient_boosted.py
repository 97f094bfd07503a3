"""`gradient_boosted`: boosted trees on all features, with a Tweedie loss (log link) of points.

Chosen on 2022-23 and 2023-24: Tweedie with power 1.3 beat squared, Poisson and absolute loss on CRPS
(docs/forecasting.md). A monotone constraint holds that a worse opposing defence never lowers the forecast.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast import boosting
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats
from tipoff.forecast.features import GROUP_NAMES, GROUP_OF, LEARNED
from tipoff.forecast.systems.system import Estimate, ForecastInput, TrainingInput, matrix

POINTS = boosting.Recipe("tweedie", rounds=250, num_leaves=16, min_rows_per_leaf=200, tweedie_power=1.3)
EFFECTS = ("league level", *GROUP_NAMES)


class GradientBoostedParams(msgspec.Struct, frozen=True):
    """LightGBM model text. Empty means untrained."""

    points_model: str = ""


def grouped(shapley: Floats) -> Floats:
    """Shapley values (rows, features + 1) summed by group, shape (rows, len(EFFECTS)). The base is first."""
    membership = np.zeros((len(LEARNED) + 1, len(EFFECTS)))
    membership[-1, 0] = 1.0
    for index, name in enumerate(LEARNED):
        membership[index, 1 + GROUP_OF[name]] = 1.0
    return np.asarray(shapley @ membership)


def in_points(log_effects: Floats, mean: Floats) -> Floats:
    """Effects on the log mean, converted to points. Each row sums to its mean.

    The base becomes exp(base). The rest is distributed in proportion to the log effects.
    """
    base = np.exp(log_effects[:, 0])
    total = log_effects[:, 1:].sum(axis=1)
    scale = np.where(np.abs(total) > 1e-9, (mean - base) / np.where(total == 0, 1.0, total), base)
    return np.column_stack((base, log_effects[:, 1:] * scale[:, None]))


@dataclass(frozen=True, slots=True)
class GradientBoosted:
    """The direct model of points."""

    system_id: str = "gradient_boosted"
    needs: tuple[str, ...] = ()
    shape_id: str = "gradient_boosted"

    def fit(self, training: TrainingInput) -> GradientBoostedParams:
        """One boosted model of points."""
        return GradientBoostedParams(boosting.train(POINTS, training.binned, training.points))

    def ready(self, bundle: ModelBundle) -> bool:
        """Only when trained."""
        return bundle.holds(self.system_id)

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """Expected points, with Shapley effects by feature group if `explain` is set."""
        text = inputs.bundle.part(self.system_id, GradientBoostedParams).points_model
        features = matrix(inputs.columns)
        mean = boosting.predict(text, features)
        has_forecast = np.ones(len(mean), dtype=bool)
        if not inputs.explain:
            return Estimate(has_forecast, mean)
        effects = in_points(grouped(boosting.contributions(text, features)), mean)
        return Estimate(has_forecast, mean, EFFECTS, effects)
