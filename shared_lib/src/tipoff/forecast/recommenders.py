"""Which systems may recommend a bet: those that have shown calibration beside the market on past seasons.

The rule is data and is evaluated at training. Its verdicts are a part of the model, so that a backtest and production
obey the same ones. A past half season counts when it is over: its rows are forecast by models, shapes and weights of
the rows before it.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from tipoff.forecast import metrics
from tipoff.forecast.distributions import Floats

PART = "recommenders"


class Rule(msgspec.Struct, frozen=True):
    """What a system must have shown. `min_rows` counts rows with a line that did not push.

    `max_log_loss_above_market` is in nats; 0 means that the mean log-loss is not above the market's on the same rows.
    The calibration error must be one that a perfectly calibrated forecast has in 95 % of cases.
    """

    min_rows: int = 2000
    min_dates: int = 60
    max_log_loss_above_market: float = 0.0


class Shown(msgspec.Struct, frozen=True):
    """What a system has shown on past rows, and the verdict. `reason` names the first condition that it misses."""

    rows: int
    dates: int
    may_recommend: bool
    reason: str
    log_loss: float | None = None
    market_log_loss: float | None = None
    ece: float | None = None
    ece_if_perfect_95: float | None = None


class Recommenders(msgspec.Struct, frozen=True):
    """The rule and the verdict on each system. A system without a verdict may not recommend."""

    rule: Rule = msgspec.field(default_factory=Rule)
    systems: dict[str, Shown] = {}

    def may_recommend(self, system_id: str) -> bool:
        """Whether the system's forecasts may become recommendations."""
        return system_id in self.systems and self.systems[system_id].may_recommend


@dataclass(frozen=True, slots=True)
class PastOdds:
    """P(over | no push) of one system beside the market's, on past rows with a line and no push, shape (rows,)."""

    prob_over: Floats
    market: Floats
    over: Floats
    dates: NDArray[np.int64]

    @staticmethod
    def joined(parts: "list[PastOdds]") -> "PastOdds":
        """All rows of the parts, in order."""
        return PastOdds(
            np.concatenate([part.prob_over for part in parts]),
            np.concatenate([part.market for part in parts]),
            np.concatenate([part.over for part in parts]),
            np.concatenate([part.dates for part in parts]),
        )


def judge(past: PastOdds, rule: Rule) -> Shown:
    """The verdict of the rule on what a system said of past rows."""
    rows, dates = len(past.over), len(np.unique(past.dates))
    if rows < rule.min_rows or dates < rule.min_dates:
        return Shown(rows, dates, False, "too_few_past_rows")
    own = float(metrics.log_loss_terms(past.prob_over, past.over).mean())
    market = float(metrics.log_loss_terms(past.market, past.over).mean())
    ece = metrics.expected_calibration_error(past.prob_over, past.over)
    limit = metrics.ece_if_perfect(past.prob_over)
    reason = ""
    if ece > limit:
        reason = "not_calibrated"
    elif own - market > rule.max_log_loss_above_market:
        reason = "worse_than_the_market"
    figures = (round(figure, 6) for figure in (own, market, ece, limit))
    return Shown(rows, dates, not reason, reason or "shown", *figures)
