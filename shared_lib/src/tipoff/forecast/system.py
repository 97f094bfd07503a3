"""The shape of a prediction system: many rows in, an expected score per row and its contributions out.

Every system estimates a mean; one `Shape` per system, fitted out of fold, turns means into calibrated
distributions (module `shape`). So a new system is a fit and an estimate, nothing more.
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
    """What the market says per row: the main line in points and its de-vigged P(over | no push).

    NaN where there is no quote before the cutoff. Only `market_aware` may look at it.
    """

    line_pts: Floats
    prob_over: Floats

    @staticmethod
    def silent(rows: int) -> "Market":
        """A market without any quote."""
        return Market(np.full(rows, np.nan), np.full(rows, np.nan))

    def take(self, index: Mask) -> "Market":
        """The rows where the mask holds."""
        return Market(self.line_pts[index], self.prob_over[index])


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected points of one system; `mean` (rows,) counts only where `has_forecast` (rows,) holds.

    `effects` (rows, len(effect_names)) are contributions to the mean in points.
    """

    has_forecast: Mask
    mean: Floats
    effect_names: tuple[str, ...] = ()
    effects: Floats = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True)
class Prediction:
    """An estimate and the shape that turns its means into distributions, when these are asked for."""

    estimate: Estimate
    shape: Shape

    @cached_property
    def pmf(self) -> Floats:
        """Calibrated probabilities of 0..MAX_POINTS, shape (rows, MAX_POINTS + 1)."""
        return distributions(self.shape, self.estimate.mean)

    def pmf_at(self, rows: Mask) -> Floats:
        """Probabilities of the rows where the mask holds only."""
        return distributions(self.shape, self.estimate.mean[rows])

    @property
    def has_forecast(self) -> Mask:
        """Rows for which the system has a forecast."""
        return self.estimate.has_forecast


@dataclass(frozen=True, slots=True)
class ForecastInput:
    """Everything a system may read: features, the trained bundle, predictions it builds on, the market.

    `explain` asks for effects; without it a system may leave them out where they cost time.
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
    """Rows to fit on: players who appeared, features as of each game's cutoff, and their points and minutes.

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
    """One way to forecast. Pure: the same input gives the same estimate, to the bit."""

    @property
    def system_id(self) -> str:
        """The one spelling of its name, in tables and registry alike."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Systems whose predictions it reads from `earlier`."""

    @property
    def shape_id(self) -> str:
        """Whose shape turns its means into distributions: its own, or that of the system it corrects."""

    def fit(self, training: TrainingInput) -> msgspec.Struct:
        """The system's part of the bundle."""

    def ready(self, bundle: ModelBundle) -> bool:
        """Whether the bundle holds what it needs; True for one that works untrained."""

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """Expected points for all rows of the input."""
