"""`market_aware`: the probability of Over where both the ensemble and the market have one.

A logistic regression on earlier seasons combines the log-odds of the market's de-vigged P(over) and of the ensemble's.
It is shrunk towards the market alone. The distribution is the ensemble's shape at the mean whose P(over | no push) at
the line is the posterior. This system is separate from the others, because it repeats the line: agreement with the line
is not an edge over it.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from tipoff.forecast.bundle import ModelBundle
from tipoff.forecast.distributions import Floats, prob_over_no_push
from tipoff.forecast.shape import GRID, Shape, ladder
from tipoff.forecast.systems.system import Estimate, ForecastInput, Market, Mask, Prediction, TrainingInput

MIN_LINES = 1000
RIDGE = 50.0


class MarketAwareParams(msgspec.Struct, frozen=True):
    """log-odds = intercept + market * logit(market) + ensemble * logit(ensemble)."""

    intercept: float = 0.0
    market: float = 1.0
    ensemble: float = 0.0


def logit(prob: Floats) -> Floats:
    """Log-odds of probabilities clipped to [.001, .999]."""
    prob = np.clip(prob, 1e-3, 1.0 - 1e-3)
    return np.asarray(np.log(prob / (1.0 - prob)))


def evidence(market: Market, ensemble: Prediction, rows: Mask) -> Floats:
    """The columns 1, logit of the market and logit of the ensemble at the line, shape (rows, 3)."""
    own = prob_over_no_push(ensemble.pmf_at(rows), market.line_pts[rows])
    return np.column_stack((np.ones(int(rows.sum())), logit(market.prob_over[rows]), logit(own)))


def posterior(params: MarketAwareParams, inputs: Floats) -> Floats:
    """P(over | no push) for rows of `evidence`."""
    weights = np.array([params.intercept, params.market, params.ensemble])
    return np.asarray(1.0 / (1.0 + np.exp(-(inputs @ weights))))


def mean_for(shape: Shape, line_pts: Floats, prob_over: Floats) -> Floats:
    """The mean at which the shape's P(over | no push) at each line is the given probability."""
    mean = np.empty(len(line_pts))
    for line in np.unique(line_pts):
        rows = line_pts == line
        reached = prob_over_no_push(ladder(shape), np.full(len(GRID), line))
        mean[rows] = np.interp(prob_over[rows], np.maximum.accumulate(reached), GRID)
    return mean


def fit_logistic(inputs: Floats, over: Floats, centre: Floats, ridge: float) -> Floats:
    """Newton's method for logistic regression with ridge * |w - centre|^2 / 2."""
    weights = centre.copy()
    for _ in range(30):
        prob = 1.0 / (1.0 + np.exp(-(inputs @ weights)))
        gradient = inputs.T @ (prob - over) + ridge * (weights - centre)
        curvature = (inputs * (prob * (1.0 - prob))[:, None]).T @ inputs + ridge * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-10:
            break
    return weights


@dataclass(frozen=True, slots=True)
class MarketAware:
    """The line, corrected by the ensemble."""

    system_id: str = "market_aware"
    needs: tuple[str, ...] = ("ensemble",)
    shape_id: str = "ensemble"

    def fit(self, training: TrainingInput) -> MarketAwareParams:
        """Weights from out-of-fold rows with a line and no push; with too few rows, the market alone."""
        rows = np.isfinite(training.market.line_pts) & (training.market.line_pts != training.points)
        if rows.sum() < MIN_LINES:
            return MarketAwareParams()
        inputs = evidence(training.market, training.earlier["ensemble"], rows)
        over = (training.points > training.market.line_pts)[rows].astype(np.float64)
        fitted = fit_logistic(inputs, over, np.array([0.0, 1.0, 0.0]), RIDGE)
        return MarketAwareParams(*(round(float(w), 6) for w in fitted))

    def ready(self, bundle: ModelBundle) -> bool:
        """Only when fitted."""
        return bundle.holds(self.system_id)

    def estimate(self, inputs: ForecastInput) -> Estimate:
        """A forecast for each row with a line. Effects are those of the ensemble, and what the line changes."""
        ensemble = inputs.earlier["ensemble"]
        rows = np.isfinite(inputs.market.line_pts) & ensemble.has_forecast
        mean = ensemble.estimate.mean.copy()
        if rows.any():
            params = inputs.bundle.part(self.system_id, MarketAwareParams)
            shape = inputs.bundle.part(f"shape:{self.shape_id}", Shape)
            wanted = posterior(params, evidence(inputs.market, ensemble, rows))
            mean[rows] = mean_for(shape, inputs.market.line_pts[rows], wanted)
        own = ensemble.estimate
        if not own.effect_names:
            return Estimate(rows, mean)
        effects = np.column_stack((own.effects, mean - own.mean))
        return Estimate(rows, mean, (*own.effect_names, "the market's line"), effects)
