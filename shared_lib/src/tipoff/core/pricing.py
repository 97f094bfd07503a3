"""Prices any line from the quantiles that a prediction row holds. Pure; needs no model.

The quantiles are interpolated: the probability of k points lies evenly on [k - 0.5, k + 0.5]
(`tipoff.forecast.distributions.quantiles`). Between two of them the distribution is taken as even; in the tails it
keeps the slope of the outer two. Against the exact distribution the error of P(over) and P(push) is at most 0.014
for a mean of one point or more, and 0.008 for two points or more (tests/unit/core/test_pricing.py).
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

from tipoff.core.predictions import Quantile

NOTHING_PTS = -0.5  # the lower end of 0 points


def share_below(quantiles: Sequence[Quantile], points_pts: float) -> float:
    """The share of the distribution below `points_pts` (points, any real number), in [0, 1].

    Raises:
        ValueError: fewer than two quantiles, or they do not rise.
    """
    _check(quantiles)
    if points_pts <= NOTHING_PTS:
        return 0.0
    values = [each.points_pts for each in quantiles]
    place = bisect_right(values, points_pts)
    if place == 0:
        return _lower_tail(quantiles, points_pts)
    if place == len(values):
        return _upper_tail(quantiles, points_pts)
    low, high = quantiles[place - 1], quantiles[place]
    share = (points_pts - low.points_pts) / (high.points_pts - low.points_pts)
    return low.probability + share * (high.probability - low.probability)


def prob_over(quantiles: Sequence[Quantile], line_pts: float) -> float:
    """P(points > line), for whole and half lines."""
    return 1.0 - share_below(quantiles, math.floor(line_pts) + 0.5)


def prob_under(quantiles: Sequence[Quantile], line_pts: float) -> float:
    """P(points < line), for whole and half lines."""
    return share_below(quantiles, math.ceil(line_pts) - 0.5)


def prob_push(quantiles: Sequence[Quantile], line_pts: float) -> float:
    """P(points = line); 0 at half lines."""
    return max(0.0, 1.0 - prob_over(quantiles, line_pts) - prob_under(quantiles, line_pts))


def _lower_tail(quantiles: Sequence[Quantile], points_pts: float) -> float:
    """Before the first quantile the share is a power of the distance from nothing, with the slope of the first two."""
    first, second = quantiles[0], quantiles[1]
    distance = first.points_pts - NOTHING_PTS
    slope = (second.probability - first.probability) / max(second.points_pts - first.points_pts, 1e-9)
    power = max(1.0, slope * distance / first.probability)
    return float(first.probability * ((points_pts - NOTHING_PTS) / distance) ** power)


def _upper_tail(quantiles: Sequence[Quantile], points_pts: float) -> float:
    """Beyond the last quantile the rest falls by as much per point as it did between the last two."""
    before, last = quantiles[-2], quantiles[-1]
    rest, width = 1.0 - last.probability, last.points_pts - before.points_pts
    if width <= 0.0:
        return last.probability
    rate = math.log((1.0 - before.probability) / rest) / width
    return 1.0 - rest * math.exp(-rate * (points_pts - last.points_pts))


def _check(quantiles: Sequence[Quantile]) -> None:
    pairs = list(zip(quantiles, quantiles[1:], strict=False))
    if not pairs:
        raise ValueError("a distribution has two quantiles or more")
    if any(a.probability >= b.probability or a.points_pts > b.points_pts for a, b in pairs):
        raise ValueError("quantiles rise")
