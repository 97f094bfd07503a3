"""Odds: American and decimal prices, implied probabilities, margins removed, and money won.

Formulas: docs/domain.md#odds. A probability is in [0, 1], a price per unit staked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

MAX_AMERICAN = 1_000_000


class Format(StrEnum):
    """How a document states prices."""

    AMERICAN = "american"
    DECIMAL = "decimal"


class Result(StrEnum):
    """What became of a bet."""

    WIN = "win"
    LOSS = "loss"
    PUSH = "push"
    VOID = "void"


def detect_format(prices: Sequence[float]) -> Format:
    """Format of one document's prices.

    Any price <= -100 means American; else any in (1, 100) means decimal, values above 100 included; else American.

    Raises:
        ValueError: signs of both.
    """
    american = any(price <= -100 for price in prices)
    decimal = any(1 < price < 100 for price in prices)
    if american and decimal:
        raise ValueError("one document states all prices in one format")
    return Format.DECIMAL if decimal else Format.AMERICAN


def decimal_from_american(american: float) -> float:
    """Decimal odds: 1 + a/100 for a > 0, 1 + 100/|a| for a < 0.

    Raises:
        ValueError: |a| < 100.
    """
    if not abs(american) >= 100 or not math.isfinite(american):
        raise ValueError("an American price is at least 100 away from zero")
    return 1 + american / 100 if american > 0 else 1 + 100 / -american


def american_from_decimal(decimal: float) -> int:
    """American odds, rounded to the integer half away from zero: (d-1) 100 for d >= 2, else -100/(d-1).

    Raises:
        ValueError: d <= 1.
    """
    if not decimal > 1 or not math.isfinite(decimal):
        raise ValueError("a decimal price is above 1")
    profit = Fraction(str(decimal)) - 1
    exact = profit * 100 if profit >= 1 else -100 / profit
    return round_half_away(exact)


def round_half_away(value: Fraction) -> int:
    """Nearest integer, halves away from zero."""
    magnitude = math.floor(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


@dataclass(frozen=True, slots=True)
class Price:
    """One price in both forms: `american` an integer, `decimal` = 1 + profit per unit."""

    american: int
    decimal: float

    @classmethod
    def read(cls, value: float, style: Format) -> "Price":
        """The price a document states.

        Raises:
            ValueError: no price of that format, or one beyond one million.
        """
        if style is Format.DECIMAL:
            american = american_from_decimal(value)
            decimal = float(value)
        else:
            decimal = decimal_from_american(value)
            american = round_half_away(Fraction(str(value)))
        if abs(american) > MAX_AMERICAN:
            raise ValueError("a price is below one million")
        return cls(american, decimal)


def implied(decimal: float) -> float:
    """Implied probability 1/d, which is also the break-even probability of that side."""
    return 1 / decimal


break_even = implied


def overround(over_decimal: float, under_decimal: float) -> float:
    """Sum of both implied probabilities; 1 is a book without margin."""
    return implied(over_decimal) + implied(under_decimal)


def devig_multiplicative(over_decimal: float, under_decimal: float) -> float:
    """Probability of Over with the margin removed in proportion: p_over / (p_over + p_under)."""
    over, under = implied(over_decimal), implied(under_decimal)
    return over / (over + under)


def devig_power(over_decimal: float, under_decimal: float) -> float:
    """Probability of Over by the power method: p^k with k such that both sides sum to one (bisection to 1e-12)."""
    over, under = implied(over_decimal), implied(under_decimal)
    low, high = 0.0, 1.0
    while over**high + under**high > 1:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if over**middle + under**middle > 1:
            low = middle
        else:
            high = middle
    return float(over**high / (over**high + under**high))


def profit(decimal: float, result: Result) -> float:
    """Profit per unit staked: d - 1, -1, or 0 for push and void."""
    if result is Result.WIN:
        return decimal - 1
    return -1.0 if result is Result.LOSS else 0.0


def expected_value(probability: float, decimal: float, push_probability: float = 0.0) -> float:
    """Expected profit per unit of a side that wins with `probability` and pushes with `push_probability`."""
    return probability * (decimal - 1) - (1 - probability - push_probability)


def edge(probability: float, decimal: float) -> float:
    """Probability of the side minus its break-even at the quoted price."""
    return probability - break_even(decimal)


def implied_team_total(game_total: float, team_spread: float) -> float:
    """Points a team is expected to score: total/2 - its own handicap/2."""
    return game_total / 2 - team_spread / 2
