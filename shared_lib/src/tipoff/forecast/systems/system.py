"""The interface of a prediction system: it estimates the expected points of each row, and their contributions.

One `Shape` per system, fitted out of fold, turns the means into calibrated distributions. So a new system needs only
`fit` and `estimate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from tipoff.forecast import boosting
from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.columns import Columns
from tipoff.forecast.distributions import Floats
from tipoff.forecast.features import LEARNED
from tipoff.forecast.shape import Shape, distributions

if TYPE_CHECKING:
    import lightgbm

type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Market:
    """The market, by row: the main line in points and its de-vigged P(over | no push).

    NaN means no quote before the cutoff. Only `market_aware` may read it.
    """

    line_pts: Floats
    prob_over: Floats

    @staticmethod
    def empty(rows: int) -> "Market":
        """A market without quotes."""
        return Market(np.full(rows, np.nan), np.full(rows, np.nan))

    def take(self, index: Mask) -> "Market":
        """The rows in the mask."""
        return Market(self.line_pts[index], self.prob_over[index])


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected points of one system. `mean` (rows,) is valid only where `has_forecast` (rows,) is true.

    `effects` (rows, len(effect_names)) are contributions to the mean in points.
    """

    has_forecast: Mask
    mean: Floats
    effect_names: tuple[str, ...] = ()
    effects: Floats = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True)
class Prediction:
    """An estimate, and the shape that turns its means into distributions."""

    estimate: Estimate
    shape: Shape

    @cached_property
    def pmf(self) -> Floats:
        """Calibrated probabilities of 0..MAX_POINTS, shape (rows, MAX_POINTS + 1)."""
        return distributions(self.shape, self.estimate.mean)

    def pmf_at(self, rows: Mask) -> Floats:
        """Calibrated probabilities of the rows in the mask."""
        return distributions(self.shape, self.estimate.mean[rows])

    @property
    def has_forecast(self) -> Mask:
        """Rows for which the system has a forecast."""
        return self.estimate.has_forecast


@dataclass(frozen=True, slots=True)
class ForecastInput:
    """The inputs of a system: features, the trained bundle, earlier predictions and the market.

    `explain` requests effects. Without it, a system may leave out effects that take time.
    """

    columns: Columns
    bundle: ModelBundle
    market: Market
    earlier: Mapping[str, Prediction] = field(default_factory=dict)
    explain: bool = False


def matrix(columns: Columns) -> boosting.Matrix:
    """The learned systems' features in their order, shape (rows, len(LEARNED)), single precision."""
    return columns.select(LEARNED).astype(np.float32)


@dataclass(frozen=True)
class TrainingInput:
    """Training rows: players who appeared, their features as of the game's cutoff, points and minutes.

    `points` and `minutes` are (rows,). `earlier` holds out-of-fold predictions of the systems in `needs`.
    """

    columns: Columns
    points: Floats
    minutes: Floats
    market: Market
    earlier: Mapping[str, Prediction] = field(default_factory=dict)

    @cached_property
    def binned(self) -> "lightgbm.Dataset":
        """The learned systems' features, binned once for all of them."""
        return boosting.binned(LEARNED, matrix(self.columns))


class System(Protocol):
    """A prediction system. It is pure: the same input gives exactly the same estimate."""

    @property
    def system_id(self) -> str:
        """Its name in tables and in the registry."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The systems whose predictions it reads from `earlier`."""

    @property
    def shape_id(self) -> str:
        """The system whose shape it uses: itself, or the system that it corrects."""

    def fit(self, training: TrainingInput) -> msgspec.Struct:
        """Fit the system's part of the bundle."""

    def ready(self, bundle: ModelBundle) -> bool:
        """Whether the bundle has all it needs. True for a system that works untrained."""

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """Expected points for all rows."""
