"""The profit of a policy's picks at the quoted prices, and their break-even rate."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tipoff.forecast import distributions as dist
from tipoff.forecast import metrics
from tipoff.forecast.distributions import Floats
from tipoff.forecast.recommend import Policy
from tipoff.forecast.systems.system import Mask
from tipoff.forecast.training import TrainingTable
from tipoff.forecast.walk_forward import Forecasts

ENOUGH_BETS = 2243  # shows 55 % against 52.38 % (docs/forecasting.md#sample-size)
EDGES_PTS = ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (5.0, 99.0))


class EdgeBucket(msgspec.Struct, frozen=True):
    """Rows by |median - line| in points: decided picks of the median's side, with their Wilson interval."""

    low_pts: float
    high_pts: float
    decided: int
    hit_rate: metrics.Interval


class Picks(msgspec.Struct, frozen=True):
    """Counts by outcome, and profit per unit. `break_even` is the mean over the prices of the decided bets."""

    bets: int
    passes: int
    wins: int
    losses: int
    pushes: int
    voids: int
    hit_rate: metrics.Interval
    break_even: float
    profit_per_bet: metrics.Interval
    edges: list[EdgeBucket]

    @property
    def shows_an_edge(self) -> bool:
        """Whether the interval of profit is above 0, with enough bets."""
        return self.wins + self.losses >= ENOUGH_BETS and self.profit_per_bet.low > 0


def decimal_prices(american: Floats) -> Floats:
    """Decimal odds of American prices, NaN kept."""
    return np.where(american > 0, 1.0 + american / 100.0, 1.0 + 100.0 / -american)


def picks(rows: TrainingTable, forecasts: Forecasts, policy: Policy) -> Picks:
    """The bets that the policy takes by expected value at the quoted price, and their outcomes."""
    offered = np.isfinite(rows.line_pts) & forecasts.has_forecast
    table, pmf = rows.take(offered), forecasts.pmf[offered].astype(np.float64)
    over = dist.prob_over(pmf, table.line_pts)
    push = dist.prob_push(pmf, table.line_pts)
    prices = np.column_stack((decimal_prices(table.over_american), decimal_prices(table.under_american)))
    chance = np.column_stack((over, np.maximum(1.0 - over - push, 0.0)))
    values = chance * (prices - 1.0) - (1.0 - chance - push[:, None])
    side = values.argmax(axis=1)
    taken = (values.max(axis=1) >= policy.min_expected_value) & (table.quality >= policy.min_feature_quality)
    taken &= forecasts.may_recommend[offered]
    return _settled(table, pmf, side, prices[np.arange(len(side)), side], taken)


def _settled(table: TrainingTable, pmf: Floats, side: NDArray[np.intp], price: Floats, taken: Mask) -> Picks:
    won_over = table.points > table.line_pts
    decided = taken & table.appeared & (table.points != table.line_pts)
    won = np.where(side == 0, won_over, ~won_over) & decided
    wins, n = int(won.sum()), int(decided.sum())
    profit = np.where(won, price - 1.0, -1.0)[decided]
    nothing = metrics.Interval(0.0, 0.0, 0.0)
    return Picks(
        bets=int(taken.sum()),
        passes=int((~taken).sum()),
        wins=wins,
        losses=n - wins,
        pushes=int((taken & table.appeared & (table.points == table.line_pts)).sum()),
        voids=int((taken & ~table.appeared).sum()),
        hit_rate=metrics.wilson(wins, n),
        break_even=float((1.0 / price[decided]).mean()) if n else 0.0,
        profit_per_bet=metrics.date_block_interval(profit, table.dates[decided]) if n else nothing,
        edges=_edges(table, dist.medians(pmf)),
    )


def _edges(table: TrainingTable, median: Floats) -> list[EdgeBucket]:
    margin = median - table.line_pts
    decided = table.appeared & (table.points != table.line_pts)
    right = (margin > 0) == (table.points > table.line_pts)
    found = []
    for low, high in EDGES_PTS:
        rows = decided & (np.abs(margin) >= low) & (np.abs(margin) < high)
        found.append(EdgeBucket(low, high, int(rows.sum()), metrics.wilson(int(right[rows].sum()), int(rows.sum()))))
    return found
