"""Recommends OVER, UNDER or PASS by expected value at the quoted price."""

from dataclasses import dataclass

from tipoff.core import odds
from tipoff.forecast.types import Forecast, Quote, Recommendation


@dataclass(frozen=True, slots=True)
class Policy:
    """When to recommend a bet. It is fixed before results are known.

    `min_expected_value` is profit per unit staked. The default is above any measured edge
    (docs/forecasting.md#sample-size), so most recommendations are PASS. `min_feature_quality` is 0-100.
    """

    min_expected_value: float = 0.05
    min_feature_quality: float = 70.0


@dataclass(frozen=True, slots=True)
class Advice:
    """The recommendation and its figures: expected value per unit of either side, P(over), P(push)."""

    recommendation: Recommendation
    value_over: float
    value_under: float
    prob_over: float
    prob_push: float


def advise(forecast: Forecast, quote: Quote | None, feature_quality: float, policy: Policy) -> Advice:
    """The better side if its expected value reaches the threshold, else PASS; NO_LINE without a quote."""
    if quote is None:
        return Advice(Recommendation.NO_LINE, 0.0, 0.0, 0.0, 0.0)
    over, push = forecast.prob_over(quote.line_pts), forecast.prob_push(quote.line_pts)
    under = max(0.0, 1.0 - over - push)
    value_over = odds.expected_value(over, odds.decimal_from_american(quote.over_american), push)
    value_under = odds.expected_value(under, odds.decimal_from_american(quote.under_american), push)
    choice = _choose(value_over, value_under, feature_quality, policy)
    return Advice(choice, value_over, value_under, over, push)


def _choose(value_over: float, value_under: float, feature_quality: float, policy: Policy) -> Recommendation:
    if feature_quality < policy.min_feature_quality:
        return Recommendation.PASS
    if max(value_over, value_under) < policy.min_expected_value:
        return Recommendation.PASS
    return Recommendation.OVER if value_over >= value_under else Recommendation.UNDER
