"""Turns a mean into a calibrated distribution.

A `Shape` is fitted on out-of-fold pairs of mean and points. It starts with the negative binomial and the variance law
of the training window. Monotone maps, one per tier of the mean, then recalibrate the cumulative probabilities so that
the PIT becomes uniform. A higher mean never lowers a quantile.
"""

from functools import lru_cache

import msgspec
import numpy as np

from tipoff.forecast.distributions import (
    MIN_MEAN,
    Floats,
    VarianceLaw,
    cumulative,
    mass_and_below,
    negative_binomial,
)

TIER_EDGES = (3.0, 5.0, 8.0, 11.0, 15.0, 20.0)
# dense at both ends: early exits have low scores to which the raw distribution gives almost no probability
TAIL: Floats = np.array([0.0005, 0.001, 0.002, 0.004, 0.007, 0.011, 0.017])
LEVELS: Floats = np.concatenate(([0.0], TAIL, np.linspace(0.025, 0.975, 39), 1.0 - TAIL[::-1], [1.0]))
MIN_ROWS = 2000
MAX_ROWS = 40_000
PIT_DRAWS = 5
GRID: Floats = np.concatenate([np.arange(0.05, 50.0, 0.1), np.arange(50.0, 90.0, 1.0)])


class Shape(msgspec.Struct, frozen=True):
    """Variance law and, per tier, its mean and its map at LEVELS."""

    linear: float = 3.86
    quadratic: float = -0.041
    tiers: tuple[float, ...] = ()
    maps: tuple[tuple[float, ...], ...] = ()

    @property
    def law(self) -> VarianceLaw:
        """The variance law before recalibration."""
        return VarianceLaw(self.linear, self.quadratic)


def distributions(shape: Shape, mean: Floats) -> Floats:
    """Probabilities of 0..MAX_POINTS for each mean in points, shape (rows, MAX_POINTS + 1)."""
    rungs = ladder(shape)
    mean = np.clip(mean, GRID[0], GRID[-1])
    above = np.clip(np.searchsorted(GRID, mean), 1, len(GRID) - 1)
    part = ((mean - GRID[above - 1]) / (GRID[above] - GRID[above - 1]))[:, None]
    return np.asarray(rungs[above - 1] * (1.0 - part) + rungs[above] * part)


def fit_shape(mean: Floats, points: Floats) -> Shape:
    """Shape of these out-of-fold forecasts, oldest first; the untrained shape for fewer than MIN_ROWS rows.

    Only the newest MAX_ROWS are used. They are enough, and the most similar to the rows to predict.
    """
    if len(mean) < MIN_ROWS:
        return Shape()
    mean, points = np.maximum(mean[-MAX_ROWS:], MIN_MEAN), points[-MAX_ROWS:]
    law = fit_law(mean, points)
    pmf = negative_binomial(mean, law.variance(mean))
    tier = np.digitize(mean, TIER_EDGES)
    kept = [t for t in range(len(TIER_EDGES) + 1) if (tier == t).sum() >= MIN_ROWS // 4]
    maps = tuple(_map(pmf[tier == t], points[tier == t]) for t in kept)
    centres = tuple(float(mean[tier == t].mean()) for t in kept)
    return Shape(law.linear, law.quadratic, centres, maps)


def fit_law(mean: Floats, points: Floats) -> VarianceLaw:
    """Least squares of squared residuals on (mean, mean^2), each row weighted by 1 / max(mean, 1)^2.

    See docs/forecasting.md#distribution.
    """
    design = np.column_stack((mean, mean**2))
    weight = 1.0 / np.maximum(mean, 1.0) ** 2
    left = (design * weight[:, None]).T @ design
    linear, quadratic = np.linalg.solve(left, (design * weight[:, None]).T @ (points - mean) ** 2)
    return VarianceLaw(float(linear), float(quadratic))


def _map(pmf: Floats, points: Floats) -> tuple[float, ...]:
    """Share of randomised PIT values at or below each level: the calibrated value of the raw CDF."""
    generator = np.random.Generator(np.random.PCG64(0))
    mass, below = mass_and_below(pmf, points)
    pits = [below + generator.random(len(points)) * mass for _ in range(PIT_DRAWS)]
    shares = np.searchsorted(np.sort(np.concatenate(pits)), LEVELS) / (PIT_DRAWS * len(points))
    shares[0], shares[-1] = 0.0, 1.0
    return tuple(float(share) for share in shares)


@lru_cache(maxsize=32)
def ladder(shape: Shape) -> Floats:
    """Probabilities for every mean of GRID. Cumulative probabilities never rise with the mean."""
    cdf = _recalibrated(shape, cumulative(negative_binomial(GRID, shape.law.variance(GRID))))
    cdf = np.minimum.accumulate(cdf, axis=0)
    cdf[:, -1] = 1.0
    return np.diff(np.maximum.accumulate(cdf, axis=1), axis=1, prepend=0.0)


def _recalibrated(shape: Shape, cdf: Floats) -> Floats:
    """The CDF after the maps, interpolated linearly between the means of adjacent tiers."""
    if not shape.maps:
        return cdf
    mapped = np.zeros_like(cdf)
    for index, knots in enumerate(shape.maps):
        nearness = np.interp(GRID, shape.tiers, np.eye(len(shape.tiers))[index])
        mapped += nearness[:, None] * np.interp(cdf, LEVELS, knots)
    return mapped
