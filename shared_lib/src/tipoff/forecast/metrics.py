"""Scores of forecasts against results. All arrays have the shape (rows,) and are in points unless stated otherwise.

Definitions: docs/forecasting.md#metrics; intervals: docs/forecasting.md#intervals.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tipoff.forecast.distributions import Floats

PROB_FLOOR = 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float


def mae(predicted: Floats, actual: Floats) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(predicted - actual)))


def rmse(predicted: Floats, actual: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2)))


def bias(predicted: Floats, actual: Floats) -> float:
    """Mean of predicted - actual. Positive means too high."""
    return float(np.mean(predicted - actual))


def brier_terms(prob: Floats, happened: Floats) -> Floats:
    """Squared error of each probability. A coin scores .25."""
    return np.asarray((prob - happened) ** 2)


def log_loss_terms(prob: Floats, happened: Floats) -> Floats:
    """-log of the probability of the actual outcome. A coin scores .6931."""
    prob = np.clip(prob, PROB_FLOOR, 1.0 - PROB_FLOOR)
    return np.asarray(-(happened * np.log(prob) + (1.0 - happened) * np.log1p(-prob)))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of equal count: its mean forecast probability and its share of events."""

    n: int
    predicted: float
    observed: float


def reliability(prob: Floats, happened: Floats, bins: int = 10) -> list[ReliabilityBin]:
    """Equal-count bins by forecast probability. Ties stay in row order."""
    order = np.argsort(prob, kind="stable")
    return [
        ReliabilityBin(len(part), float(prob[part].mean()), float(happened[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    ]


def expected_calibration_error(prob: Floats, happened: Floats, bins: int = 10) -> float:
    """Mean of |predicted - observed| over equal-count bins."""
    return float(np.mean([abs(b.predicted - b.observed) for b in reliability(prob, happened, bins)]))


def ece_if_perfect(prob: Floats, draws: int = 1000, level: float = 0.95, seed: int = 7) -> float:
    """The `level` quantile of the ECE of these forecasts if they were perfectly calibrated."""
    generator = np.random.Generator(np.random.PCG64(seed))
    order = np.argsort(prob, kind="stable")
    parts = np.array_split(prob[order], 10)
    simulated = np.zeros(draws)
    for part in parts:
        events = generator.random((draws, len(part))) < part
        simulated += np.abs(events.mean(axis=1) - part.mean()) / len(parts)
    return float(np.quantile(simulated, level))


def coverage(pit: Floats, central: float) -> float:
    """Share of PIT values in the central interval, for example [0.10, 0.90] for 0.80."""
    edge = (1.0 - central) / 2.0
    return float(np.mean((pit >= edge) & (pit <= 1.0 - edge)))


def wilson(wins: int, n: int, z: float = 1.959964) -> Interval:
    """Wilson score interval of a share; (nan, 0, 1) without trials."""
    if n == 0:
        return Interval(math.nan, 0.0, 1.0)
    share = wins / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(share, centre - half, centre + half)


def date_block_interval(terms: Floats, dates: NDArray[np.int64], draws: int = 2000, seed: int = 7) -> Interval:
    """Mean of the terms, with a 95 % percentile interval from resampling whole game dates with replacement.

    Players of one date are not independent, so resampling rows would give too narrow an interval. For a difference,
    pass the differences of two scores on the same rows.
    """
    _, group = np.unique(dates, return_inverse=True)
    sums, counts = np.bincount(group, weights=terms), np.bincount(group).astype(np.float64)
    generator = np.random.Generator(np.random.PCG64(seed))
    picks = generator.multinomial(len(sums), np.full(len(sums), 1.0 / len(sums)), size=draws)
    means = (picks @ sums) / (picks @ counts)
    return Interval(float(np.mean(terms)), *(float(q) for q in np.quantile(means, [0.025, 0.975])))


def date_block_draws(
    statistic: Callable[[NDArray[np.int64]], float], dates: NDArray[np.int64], draws: int = 400, seed: int = 7
) -> Floats:
    """Draws of a statistic of row indices under date-block resampling, for statistics that are not means."""
    _, group = np.unique(dates, return_inverse=True)
    blocks = [np.flatnonzero(group == block) for block in range(int(group.max()) + 1)]
    generator = np.random.Generator(np.random.PCG64(seed))
    picks = generator.integers(0, len(blocks), size=(draws, len(blocks)))
    return np.array([statistic(np.concatenate([blocks[block] for block in pick])) for pick in picks])
