"""`ensemble`: a weighted pool of the other systems, weights learned on out-of-fold forecasts.

Each row's weights are spread over the systems that speak there. The pool averages distributions
(linear pool), so disagreement between systems widens the forecast instead of vanishing.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats, means, normalised
from tipoff.forecast.system import Prediction, Task

MEMBERS = ("moving_average",)


class EnsembleParams(msgspec.Struct, frozen=True):
    """Weight per member system (any scale, none negative); equal weights where training found none."""

    weights: dict[str, float] = {}


def row_weights(task: Task, weights: dict[str, float]) -> Floats:
    """Weights per row and member, shape (rows, members), summing to 1 where any member speaks."""
    raw = np.column_stack([
        task.earlier[name].speaks * weights.get(name, 0.0 if weights else 1.0) for name in MEMBERS
    ])
    return np.asarray(raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-12))


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The published forecast."""

    system_id: str = "ensemble"
    needs: tuple[str, ...] = MEMBERS

    def ready(self, bundle: ModelBundle) -> bool:
        """Always: equal weights without training."""
        return True

    def predict(self, task: Task) -> Prediction:
        """Linear pool of the members that speak; effects are each member's pull on the mean."""
        share = row_weights(task, task.bundle.part(self.system_id, EnsembleParams).weights)
        speaks = share.sum(axis=1) > 0
        pmf = sum(share[:, [i]] * task.earlier[name].pmf for i, name in enumerate(MEMBERS))
        pool = normalised(np.where(speaks[:, None], pmf, 1.0))
        pulls = np.column_stack([share[:, i] * means(task.earlier[m].pmf) for i, m in enumerate(MEMBERS)])
        return Prediction(speaks, pool, MEMBERS, pulls)
