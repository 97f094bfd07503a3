"""`ensemble`: the weighted mean of the other systems, with its own shape. Weights are fitted out of fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats
from tipoff.forecast.systems.least_squares import non_negative
from tipoff.forecast.systems.system import Estimate, ForecastInput, Prediction, TrainingInput

MEMBERS = ("moving_average", "zone_matchup", "similarity", "gradient_boosted", "minutes_rate")
HAND_BUILT_GROUPS = {
    "season scoring": "season and career level",
    "similar games": "recent scoring",
    "opposing defence": "opponent",
    "pace": "opponent",
    "home": "team and season",
    "freshness": "rest and load",
}
UNTRAINED_WEIGHTS = {"moving_average": 0.5, "zone_matchup": 0.5}


class EnsembleParams(msgspec.Struct, frozen=True):
    """Non-negative weights by member. If a member has no forecast, the others share its weight."""

    weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(UNTRAINED_WEIGHTS))


def group_of(effect_name: str) -> str:
    """The feature group of a member's effect. An effect without one keeps its own name."""
    name = effect_name.removeprefix("minutes: ").removeprefix("scoring rate: ")
    return "opponent" if name.startswith("opponent's ") else HAND_BUILT_GROUPS.get(name, name)


def grouped_effects(members: Sequence[Estimate], shares: Floats) -> tuple[tuple[str, ...], Floats]:
    """Names of groups, and the members' effects summed by group with these shares (rows, members), in points.

    Without effects of every member there are none: they would not add up to the mean.
    """
    if not all(member.effect_names for member in members):
        return (), np.zeros((0, 0))
    names = list(dict.fromkeys(group_of(name) for member in members for name in member.effect_names))
    effects = np.zeros((len(shares), len(names)))
    for place, member in enumerate(members):
        for column, name in enumerate(member.effect_names):
            effects[:, names.index(group_of(name))] += shares[:, place] * member.effects[:, column]
    return tuple(names), effects


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
        """Weighted mean of the members that have a forecast. Effects are the members', by feature group."""
        weights = inputs.bundle.part(self.system_id, EnsembleParams).weights
        members = tuple(name for name in MEMBERS if name in inputs.earlier and weights.get(name, 0.0) > 0)
        raw = np.column_stack([inputs.earlier[name].has_forecast * weights[name] for name in members])
        spoken = raw.sum(axis=1)
        scale = np.where(spoken > 0, sum(weights[name] for name in members) / np.maximum(spoken, 1e-12), 0.0)
        shares = raw * scale[:, None]
        mean = (shares * member_means(inputs.earlier, members)).sum(axis=1)
        effects = grouped_effects([inputs.earlier[name].estimate for name in members], shares)
        return Estimate(spoken > 0, mean, *effects)
