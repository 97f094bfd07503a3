"""Recommends OVER, UNDER or PASS by expected value at the quoted price."""

from dataclasses import dataclass
from typing import Literal

from tipoff.core import odds
from tipoff.forecast.types import Forecast, Quote, Recommendation

type PassReason = Literal["system_not_calibrated", "low_feature_quality", "low_expected_value"]


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
    """The recommendation and its figures: expected value per unit of either side, P(over), P(push).

    `pass_reason` says why it is PASS; None for another recommendation.
    """

    recommendation: Recommendation
    value_over: float
    value_under: float
    prob_over: float
    prob_push: float
    pass_reason: PassReason | None = None


def advise(
    forecast: Forecast, quote: Quote | None, feature_quality: float, policy: Policy, *, may_recommend: bool
) -> Advice:
    """The better side if its expected value reaches the threshold, else PASS; NO_LINE without a quote.

    `may_recommend` is the verdict of `tipoff.forecast.recommenders` on the forecast's system.
    """
    if quote is None:
        return Advice(Recommendation.NO_LINE, 0.0, 0.0, 0.0, 0.0)
    over, push = forecast.prob_over(quote.line_pts), forecast.prob_push(quote.line_pts)
    under = max(0.0, 1.0 - over - push)
    value_over = odds.expected_value(over, odds.decimal_from_american(quote.over_american), push)
    value_under = odds.expected_value(under, odds.decimal_from_american(quote.under_american), push)
    reason = _pass_reason(max(value_over, value_under), feature_quality, policy, may_recommend)
    better = Recommendation.OVER if value_over >= value_under else Recommendation.UNDER
    return Advice(Recommendation.PASS if reason else better, value_over, value_under, over, push, reason)


def _pass_reason(value: float, feature_quality: float, policy: Policy, may_recommend: bool) -> PassReason | None:
    if not may_recommend:
        return "system_not_calibrated"
    if feature_quality < policy.min_feature_quality:
        return "low_feature_quality"
    return "low_expected_value" if value < policy.min_expected_value else None
