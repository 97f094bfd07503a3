"""The shape of a prediction system: many rows in, a matrix of distributions and contributions out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats

type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Market:
    """What the market says per row: the main line in points and its de-vigged P(over | no push).

    NaN where there is no quote before the cutoff. Only `market_aware` may look at it.
    """

    line_pts: Floats
    prob_over: Floats

    @staticmethod
    def silent(rows: int) -> "Market":
        """A market without any quote."""
        return Market(np.full(rows, np.nan), np.full(rows, np.nan))


@dataclass(frozen=True, slots=True)
class Prediction:
    """Distributions of one system for the rows of a task.

    `speaks` (rows,) tells where the system has something to say; `pmf` (rows, MAX_POINTS + 1) is
    meaningful only there. `effects` (rows, len(effect_names)) are contributions to the mean in points.
    """

    speaks: Mask
    pmf: Floats
    effect_names: tuple[str, ...] = ()
    effects: Floats = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True, slots=True)
class Task:
    """Everything a system may read: features, the trained bundle, forecasts it builds on, the market."""

    columns: Columns
    bundle: ModelBundle
    market: Market
    earlier: Mapping[str, Prediction] = field(default_factory=dict)


class System(Protocol):
    """One way to forecast. Pure: the same task gives the same prediction, to the bit."""

    @property
    def system_id(self) -> str:
        """The one spelling of its name, in tables and registry alike."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Systems whose predictions it reads from `Task.earlier`."""

    def ready(self, bundle: ModelBundle) -> bool:
        """Whether the bundle holds what the system was trained to; True for one that needs no training."""

    def predict(self, task: Task) -> Prediction:
        """Distributions for all rows of the task."""
