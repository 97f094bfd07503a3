"""`ensemble`: the weighted mean of the other systems, with its own shape. Weights are fitted out of fold."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats
from tipoff.forecast.systems.least_squares import non_negative
from tipoff.forecast.systems.system import Estimate, ForecastInput, Prediction, TrainingInput

MEMBERS = ("moving_average", "zone_matchup", "similarity", "gradient_boosted", "minutes_rate")
UNTRAINED_WEIGHTS = {"moving_average": 0.5, "zone_matchup": 0.5}


class EnsembleParams(msgspec.Struct, frozen=True):
    """Non-negative weights by member. If a member has no forecast, the others share its weight."""

    weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(UNTRAINED_WEIGHTS))


def member_means(earlier: Mapping[str, Prediction], members: tuple[str, ...]) -> Floats:
    """Means of the members, shape (rows, members)."""
    return np.column_stack([earlier[name].estimate.mean for name in members])


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The published forecast."""

    system_id: str = "ensemble"
    needs: tuple[str, ...] = MEMBERS
    shape_id: str = "ensemble"

    def fit(self, training: TrainingInput) -> EnsembleParams:
        """Non-negative least squares, on out-of-fold rows where every member has a forecast."""
        members = tuple(name for name in MEMBERS if name in training.earlier)
        rows = np.all([training.earlier[name].has_forecast for name in members], axis=0)
        fitted = non_negative(member_means(training.earlier, members)[rows], training.points[rows])
        return EnsembleParams({name: round(float(w), 6) for name, w in zip(members, fitted, strict=True)})

    def ready(self, bundle: ModelBundle) -> bool:
        """Always. Untrained, it averages the two systems that need no training."""
        return True

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """Weighted mean of the members that have a forecast. Effects are the members' shares."""
        weights = inputs.bundle.part(self.system_id, EnsembleParams).weights
        members = tuple(name for name in MEMBERS if name in inputs.earlier and weights.get(name, 0.0) > 0)
        raw = np.column_stack([inputs.earlier[name].has_forecast * weights[name] for name in members])
        spoken = raw.sum(axis=1)
        scale = np.where(spoken > 0, sum(weights[name] for name in members) / np.maximum(spoken, 1e-12), 0.0)
        shares = raw * scale[:, None] * member_means(inputs.earlier, members)
        return Estimate(spoken > 0, shares.sum(axis=1), members, shares)
