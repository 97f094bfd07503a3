"""Distributions of points: probabilities of 0..`MAX_POINTS`.

They are matrices of shape (rows, MAX_POINTS + 1). The last column includes the tail.
Formulas: docs/forecasting.md#distribution (negative binomial) and docs/forecasting.md#metrics (CRPS, PIT).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

MAX_POINTS = 120
SUPPORT: Floats = np.arange(MAX_POINTS + 1, dtype=np.float64)
MIN_MEAN = 0.05
MIN_OVERDISPERSION = 1.05


@dataclass(frozen=True, slots=True)
class VarianceLaw:
    """variance = linear * mean + quadratic * mean^2, never below 1.05 * mean.

    Defaults: measured on 2024-25 (docs/forecasting.md#distribution). The variance falls above a mean of 47.
    """

    linear: float = 3.86
    quadratic: float = -0.041

    def variance(self, mean: Floats) -> Floats:
        """Variance in points squared for each mean in points."""
        return np.maximum(self.linear * mean + self.quadratic * mean**2, MIN_OVERDISPERSION * mean)


def negative_binomial(mean: Floats, variance: Floats) -> Floats:
    """Negative binomial probabilities for these means and variances (points, points squared).

    r = mean^2 / (variance - mean), p = r / (r + mean); variance is clamped to 1.05 * mean, mean to 0.05.
    Returns shape (rows, MAX_POINTS + 1). Each row is scaled to sum to 1.
    """
    mean = np.maximum(mean, MIN_MEAN)
    variance = np.maximum(variance, MIN_OVERDISPERSION * mean)
    size = mean**2 / (variance - mean)
    prob = size / (size + mean)
    steps = SUPPORT[:-1]
    ratio = np.log(size[:, None] + steps) - np.log(steps + 1.0) + np.log1p(-prob)[:, None]
    log_pmf = np.concatenate([np.zeros((len(mean), 1)), np.cumsum(ratio, axis=1)], axis=1)
    return normalised(np.exp(log_pmf + (size * np.log(prob))[:, None]))


def normalised(weights: Floats) -> Floats:
    """Rows scaled to sum to one."""
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def cumulative(pmf: Floats) -> Floats:
    """P(points <= k) per row, exactly 1 in the last column."""
    cdf = np.minimum(np.cumsum(pmf, axis=1), 1.0)
    cdf[:, -1] = 1.0
    return np.asarray(cdf)


def means(pmf: Floats) -> Floats:
    """Mean points per row."""
    return np.asarray(pmf @ SUPPORT)


def variances(pmf: Floats) -> Floats:
    """Variance of points per row."""
    return np.asarray(pmf @ SUPPORT**2 - means(pmf) ** 2)


def quantiles(pmf: Floats, level: float) -> Floats:
    """Interpolated quantile per row, at least 0: the probability of k is spread evenly over [k - 0.5, k + 0.5].

    The interpolated median has about the same absolute error as the whole-number median, and it changes smoothly with
    the mean.
    """
    cdf = cumulative(pmf)
    index = np.argmax(cdf >= level, axis=1)
    rows = np.arange(len(pmf))
    mass = np.maximum(pmf[rows, index], 1e-300)
    below = cdf[rows, index] - mass
    return np.asarray(np.maximum(index - 0.5 + (level - below) / mass, 0.0))


def medians(pmf: Floats) -> Floats:
    """Interpolated median per row, in points."""
    return quantiles(pmf, 0.5)


def prob_over(pmf: Floats, line_pts: Floats) -> Floats:
    """P(points > line) per row, for whole or half lines."""
    return np.asarray((pmf * (line_pts[:, None] < SUPPORT)).sum(axis=1))


def prob_push(pmf: Floats, line_pts: Floats) -> Floats:
    """P(points = line) per row; 0 at half lines."""
    return np.asarray((pmf * (line_pts[:, None] == SUPPORT)).sum(axis=1))


def prob_over_no_push(pmf: Floats, line_pts: Floats) -> Floats:
    """P(over | no push) per row. It prices a bet that refunds pushes."""
    over, push = prob_over(pmf, line_pts), prob_push(pmf, line_pts)
    return np.asarray(over / np.maximum(1.0 - push, 1e-12))


def crps(pmf: Floats, points: Floats) -> Floats:
    """Continuous ranked probability score per row: sum over k of (F(k) - 1[k >= points])^2."""
    step = points[:, None] <= SUPPORT
    return np.asarray(((cumulative(pmf) - step) ** 2).sum(axis=1))


def randomised_pit(pmf: Floats, points: Floats, uniforms: Floats) -> Floats:
    """F(y - 1) + u * f(y) per row, with u in [0, 1). It is uniform if the forecasts are calibrated."""
    mass, below = mass_and_below(pmf, points)
    return np.asarray(below + uniforms * mass)


def mass_and_below(pmf: Floats, points: Floats) -> tuple[Floats, Floats]:
    """P(= points) and P(< points) per row."""
    rows = np.arange(len(pmf))
    index = np.clip(points, 0, MAX_POINTS).astype(np.int64)
    mass = np.asarray(pmf[rows, index])
    return mass, np.asarray(cumulative(pmf)[rows, index] - mass)


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of one row. `pmf` has MAX_POINTS + 1 entries."""

    pmf: Floats

    @property
    def mean(self) -> float:
        """Mean in points."""
        return float(means(self.pmf[None, :])[0])

    @property
    def variance(self) -> float:
        """Variance in points squared."""
        return float(variances(self.pmf[None, :])[0])

    @property
    def median(self) -> float:
        """Interpolated median in points."""
        return self.quantile(0.5)

    def quantile(self, level: float) -> float:
        """Interpolated quantile in points, level in (0, 1)."""
        return float(quantiles(self.pmf[None, :], level)[0])

    def prob_over(self, line_pts: float) -> float:
        """P(points > line)."""
        return float(prob_over(self.pmf[None, :], np.array([line_pts]))[0])

    def prob_under(self, line_pts: float) -> float:
        """P(points < line)."""
        return max(0.0, 1.0 - self.prob_over(line_pts) - self.prob_push(line_pts))

    def prob_push(self, line_pts: float) -> float:
        """P(points = line)."""
        return float(prob_push(self.pmf[None, :], np.array([line_pts]))[0])
